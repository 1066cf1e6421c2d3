import type { Flag, Flags } from './flag.js';
import type { Terminal } from './terminal.js';

/** A command of the program. */
export interface Command {
  /** Its name and its arguments: `connect <host> [port]`, `check [hosts...]`. */
  readonly usage: string;
  /** What the help shows after the name; default: the arguments of `usage`, and `[options]`. */
  readonly synopsis?: string;
  /** One sentence without its full stop, for the list of all commands. */
  readonly summary: string;
  /** More for its own help, in sentences. */
  readonly details?: string;
  /** What its argument may be, each with its meaning, for its own help. */
  readonly list?: { readonly title: string; readonly items: readonly (readonly [name: string, meaning: string])[] };
  /** The heading under which the help of the program lists it. */
  readonly group: string;
  readonly flags: readonly Flag[];
  /** Command lines for its help, without the name of the program. Everything after `#` is a comment. */
  readonly examples?: readonly string[];
  /**
   * Runs it.
   *
   * @param args in the order of `usage`; a list for `[hosts...]`
   * @returns the exit status
   * @throws TypeError, RangeError with Node's codes for flags and arguments that make no sense
   */
  readonly run: (args: readonly Argument[], flags: Flags, surroundings: Surroundings) => number | Promise<number>;
}

/** An argument: absent where it is optional and was not given. */
export type Argument = string | readonly string[] | undefined;

/** What a command works with beside its arguments and flags. */
export interface Surroundings {
  readonly terminal: Terminal;
  /** The URL of the entry `rx-happy-eyeballs/register`. */
  readonly register: string;
  /** What follows `--`: the command line of another program. */
  readonly rest: readonly string[];
}
