import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { printable } from '../core/input/printable.js';
import type { Terminal } from './terminal.js';
import { startOf } from './windows-command.js';

/** Exit statuses as in shells: the command does not exist, it cannot be run, and the base for signals. */
const NOT_FOUND = 127;
const NOT_EXECUTABLE = 126;
const BY_SIGNAL = 128;

/**
 * Runs another program in this terminal.
 *
 * @returns its exit status, or 128 plus the number of the signal that ended it
 */
export function runProgram(command: readonly string[], terminal: Terminal, env: NodeJS.ProcessEnv): Promise<number> {
  const { file, args, ...start } = startOf(command);
  const child = spawn(file, args, { stdio: 'inherit', env, ...start });
  // The terminal sends Ctrl-C to the program too, which decides what to do. Other signals are passed on to it.
  const stay = () => undefined;
  const pass = () => child.kill('SIGTERM');
  terminal.on('SIGINT', stay);
  terminal.on('SIGTERM', pass);
  return new Promise((resolve) => {
    const end = (status: number) => {
      terminal.off('SIGINT', stay);
      terminal.off('SIGTERM', pass);
      resolve(status);
    };
    child.on('error', (error: NodeJS.ErrnoException) => {
      const isMissing = error.code === 'ENOENT';
      terminal.stderr.write(`${printable(command[0]!)}: ${isMissing ? 'there is no such command' : error.code}.\n`);
      end(isMissing ? NOT_FOUND : NOT_EXECUTABLE);
    });
    child.on('exit', (status, signal) => end(status ?? BY_SIGNAL + constants.signals[signal!]));
  });
}
