import type { Flag, Flags } from './flag.js';
import type { Terminal } from './terminal.js';

/** A command of the program. */
export interface Command {
  /** The name and the arguments: `connect <host> [port]`, `check [hosts...]`. */
  readonly usage: string;
  /** Shown in the help after the name. Default: `[options]` and the arguments of `usage`. */
  readonly synopsis?: string;
  /** One sentence without its full stop, for the list of all commands. */
  readonly summary: string;
  /** Further sentences for the command's own help. */
  readonly details?: string;
  /** Values of the argument with their meanings, for the command's own help. */
  readonly list?: { readonly title: string; readonly items: readonly (readonly [name: string, meaning: string])[] };
  /** The heading of the command in the program's help. */
  readonly group: string;
  readonly flags: readonly Flag[];
  /** Command lines for the help, without the name of the program. Text after `#` is a comment. */
  readonly examples?: readonly string[];
  /**
   * Runs the command.
   *
   * @param args in the order of `usage`; a list for `[hosts...]`
   * @returns the exit status
   * @throws TypeError, RangeError with Node's codes for invalid flags and arguments
   */
  readonly run: (args: readonly Argument[], flags: Flags, surroundings: Surroundings) => number | Promise<number>;
}

/** An argument. An optional argument that was not given is `undefined`. */
export type Argument = string | readonly string[] | undefined;

/** What a command works with besides its arguments and flags. */
export interface Surroundings {
  readonly terminal: Terminal;
  /** The URL of the entry `rx-happy-eyeballs/register`. */
  readonly register: string;
  /** The command line of another program, which follows `--`. */
  readonly rest: readonly string[];
}
