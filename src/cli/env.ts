import { basename } from 'node:path';
import { oneOf } from '../core/input/checks.js';
import type { Flag, Flags } from './flag.js';
import { OK, type Terminal } from './terminal.js';

/** How a shell sets an environment variable for the programs that it starts, by the name of the shell. */
const SET: Readonly<Record<string, (name: string, value: string) => string>> = {
  sh: (name, value) => `export ${name}='${value.replaceAll("'", "'\\''")}'`,
  fish: (name, value) => `set -gx ${name} '${value.replace(/[\\']/g, '\\$&')}'`,
  powershell: (name, value) => `$env:${name} = '${value.replaceAll("'", "''")}'`,
  cmd: (name, value) => `set "${name}=${value}"`,
};

/** Shells that speak the language of another. */
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
 * Prints the line with which a shell lets every Node that is started from it register, wherever it is started.
 *
 * @param register the URL of the entry, beside the program
 */
export function envCommand(flags: Flags, terminal: Terminal, register: string, env: NodeJS.ProcessEnv = process.env): number {
  const shell = flags.shell === undefined ? shellOf(env) : named(String(flags.shell));
  terminal.stdout.write(`${SET[shell]!('NODE_OPTIONS', nodeOptions(env.NODE_OPTIONS ?? '', register))}\n`);
  return OK;
}

/** @throws TypeError for a shell that is not known */
function named(name: string): string {
  const shell = ALIASES[name] ?? name;
  oneOf(...Object.keys(SET), ...Object.keys(ALIASES))('--shell', name);
  return shell;
}

/** The shell of the environment: its login shell, and on Windows the one that has a prompt there. */
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
 * `NODE_OPTIONS` with our registration as the last of its flags, once. A registration by the name of the package is removed: it
 * stops every Node that is started in a folder from which the package is not found.
 */
export function nodeOptions(before: string, register: string): string {
  const flag = `--import ${escaped(register)}`;
  const others = before.replace(/(^| )--import(?:=| +)(["']?)rx-happy-eyeballs\/register\2(?= |$)/g, '').trim();
  if (` ${others} `.includes(` ${flag} `)) return others;
  return others === '' ? flag : `${others} ${flag}`;
}

/** A URL without anything that means something to a shell, or to Node where it reads the variable: spaces, quotes, signs. */
function escaped(url: string): string {
  return url.replace(/[^\w:/.%-]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`);
}
