import { basename } from 'node:path';
import { oneOf } from '../core/input/checks.js';
import type { Flag, Flags } from './flag.js';
import { OK, type Terminal } from './terminal.js';

/** For each shell: the command that sets an environment variable for the programs it starts. */
const SET: Readonly<Record<string, (name: string, value: string) => string>> = {
  sh: (name, value) => `export ${name}='${value.replaceAll("'", "'\\''")}'`,
  fish: (name, value) => `set -gx ${name} '${value.replace(/[\\']/g, '\\$&')}'`,
  powershell: (name, value) => `$env:${name} = '${value.replaceAll("'", "''")}'`,
  cmd: (name, value) => `set "${name}=${value}"`,
};

/** Shells with the syntax of another. */
const ALIASES: Readonly<Record<string, string>> = { bash: 'sh', zsh: 'sh', dash: 'sh', ksh: 'sh', pwsh: 'powershell' };

export const ENV_FLAGS: readonly Flag[] = [
  {
    usage: '--shell <name>',
    meaning: 'Print for this shell',
    choices: ['sh', 'bash', 'zsh', 'dash', 'ksh', 'fish', 'powershell', 'pwsh', 'cmd'],
    default: 'the shell of the environment',
  },
];

/**
 * Prints a shell command after which every Node that the shell starts registers, in any folder.
 *
 * @param register the URL of the entry `rx-happy-eyeballs/register`
 */
export function envCommand(flags: Flags, terminal: Terminal, register: string, env: NodeJS.ProcessEnv = process.env): number {
  const shell = flags.shell === undefined ? shellOf(env) : named(String(flags.shell));
  terminal.stdout.write(`${SET[shell]!('NODE_OPTIONS', nodeOptions(env.NODE_OPTIONS ?? '', register))}\n`);
  return OK;
}

/** @throws TypeError for an unknown shell */
function named(name: string): string {
  const shell = ALIASES[name] ?? name;
  oneOf(...Object.keys(SET), ...Object.keys(ALIASES))('--shell', name);
  return shell;
}

/** The shell of the environment: the login shell, or on Windows the shell that has set a prompt. */
function shellOf({ SHELL, PROMPT }: NodeJS.ProcessEnv, platform = process.platform): string {
  if (SHELL) {
    const name = basename(SHELL).replace(/\.exe$/i, '');
    const shell = ALIASES[name] ?? name;
    return shell in SET ? shell : 'sh';
  }
  if (platform !== 'win32') return 'sh';
  return PROMPT === undefined ? 'powershell' : 'cmd';
}

/**
 * `NODE_OPTIONS` with one registration as its last flag. A registration by the name of the package is removed because Node does not
 * start in a folder from which it cannot find the package.
 */
export function nodeOptions(before: string, register: string): string {
  const flag = `--import ${escaped(register)}`;
  const others = before.replace(/(^| )--import(?:=| +)(["']?)rx-happy-eyeballs\/register\2(?= |$)/g, '').trim();
  if (` ${others} `.includes(` ${flag} `)) return others;
  return others === '' ? flag : `${others} ${flag}`;
}

/** Escapes the characters of a URL that have a meaning for a shell, or for Node when it reads the variable. */
function escaped(url: string): string {
  return url.replace(/[^\w:/.%-]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`);
}
