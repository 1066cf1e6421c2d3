import { statSync } from 'node:fs';
import { win32 } from 'node:path';

/** What `spawn` needs to start a program. */
export interface Start {
  readonly file: string;
  readonly args: readonly string[];
  readonly windowsVerbatimArguments?: boolean;
}

/** Extensions that Windows tries if the environment does not name them. */
const EXTENSIONS = '.COM;.EXE;.BAT;.CMD';

/** A batch file of npm, which passes its arguments on to a program and thereby has them parsed twice. */
const NPM_SHIM = /node_modules[\\/]\.bin[\\/][^\\/]+\.cmd$/i;

/**
 * How to start a program as a shell would.
 *
 * On Windows `spawn` finds `.exe` and `.com` files only. `npm`, `npx` and other programs of npm are batch files (`npm.cmd`), and
 * `cmd.exe` has to run these.
 *
 * @param isFile whether a path is that of a file
 */
export function startOf(
  [program = '', ...args]: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
  platform: NodeJS.Platform = process.platform,
  isFile: (path: string) => boolean = isRegularFile,
): Start {
  const found = platform === 'win32' ? candidates(program, env).find(isFile) : undefined;
  if (found === undefined || !/\.(?:cmd|bat)$/i.test(found)) return { file: found ?? program, args };
  const escapedTimes = NPM_SHIM.test(found) ? 2 : 1;
  const line = [escapeSigns(found), ...args.map((argument) => escapeArgument(argument, escapedTimes))].join(' ');
  return { file: env.ComSpec ?? 'cmd.exe', args: ['/d', '/s', '/c', `"${line}"`], windowsVerbatimArguments: true };
}

/** Paths that a name may stand for, in order. Unlike `cmd.exe`, this does not look into the working directory first. */
function candidates(program: string, env: NodeJS.ProcessEnv): readonly string[] {
  const extensions = (env.PATHEXT ?? EXTENSIONS).split(';').filter((extension) => extension !== '');
  const hasExtension = extensions.some((extension) => program.toLowerCase().endsWith(extension.toLowerCase()));
  const names = hasExtension ? [program] : extensions.map((extension) => program + extension.toLowerCase());
  if (/[\\/]/.test(program)) return names;
  const folders = (env.PATH ?? env.Path ?? '').split(win32.delimiter).filter((folder) => folder !== '');
  return folders.flatMap((folder) => names.map((name) => win32.join(folder, name)));
}

function isRegularFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

/** Quotes an argument for the program, then escapes what `cmd.exe` would act on, once for each time that it parses the line. */
function escapeArgument(argument: string, times: number): string {
  const quoted = `"${argument.replace(/(\\*)"/g, '$1$1\\"').replace(/(\\+)$/, '$1$1')}"`;
  return times === 2 ? escapeSigns(escapeSigns(quoted)) : escapeSigns(quoted);
}

function escapeSigns(text: string): string {
  return text.replace(/[()\][%!^"`<>&|;, *?]/g, '^$&');
}
