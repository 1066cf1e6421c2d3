import type { Readable, Writable } from 'node:stream';
import { styleText } from 'node:util';
import { WIDEST } from '../pictures/text-columns.js';

/** The exit statuses of the program. */
export const OK = 0;
export const FAILED = 1;
export const BAD_ARGUMENTS = 2;
export const INTERRUPTED = 130;

/** What ends a command. */
export type Signal = 'SIGINT' | 'SIGTERM';

/** What a command needs of `process`. */
export interface Terminal {
  readonly stdin: Readable;
  readonly stdout: Output;
  readonly stderr: Output;
  on(signal: Signal, listener: () => void): unknown;
  once(signal: Signal, listener: () => void): unknown;
  off(signal: Signal, listener: () => void): unknown;
}

/** A stream of text that may be a terminal, and then knows its size and whether it has colours (`NO_COLOR`, `TERM`, `FORCE_COLOR`). */
export type Output = Writable & {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  hasColors?(): boolean;
};

/** How pictures are drawn on an output. */
export interface Appearance {
  readonly width: number;
  readonly ascii: boolean;
  readonly style: Style;
}

/** As `util.styleText`. */
export type Style = (format: 'red' | 'green' | 'yellow' | 'cyan' | 'dim' | 'bold', text: string) => string;

// Whether the output has colours is known already, and need not be that of standard output.
const coloured: Style = (format, text) => styleText(format, text, { validateStream: false });
const plain: Style = (_, text) => text;

/** Columns where an output is no terminal, and the environment says nothing else with `COLUMNS`. */
const DEFAULT_WIDTH = 80;

/** What suits an output: its width, colours where they are wanted, ASCII where the locale has nothing else. */
export function appearance(output: Output, { color, ascii = onlyAscii() }: { color?: unknown; ascii?: unknown }): Appearance {
  const style = color !== false && hasColours(output) ? coloured : plain;
  const columns = output.columns || Number(process.env.COLUMNS);
  const width = Number.isInteger(columns) && columns > 0 ? Math.min(columns, WIDEST) : DEFAULT_WIDTH;
  return { width, ascii: Boolean(ascii), style };
}

/** As Node has it: `FORCE_COLOR` decides, also against `NO_COLOR` and where the output is no terminal. */
function hasColours(output: Output): boolean {
  const { FORCE_COLOR, NO_COLOR } = process.env;
  if (FORCE_COLOR !== undefined) return FORCE_COLOR !== '0' && FORCE_COLOR !== 'false';
  if (NO_COLOR) return false;
  return Boolean(output.isTTY && output.hasColors?.());
}

/** Whether the environment names a locale that is not in UTF-8. */
function onlyAscii(): boolean {
  const { LC_ALL, LC_CTYPE, LANG } = process.env;
  const locale = LC_ALL || LC_CTYPE || LANG || '';
  return locale !== '' && !/utf-?8/i.test(locale);
}

/** A signal that Ctrl-C aborts, until it is released. A second Ctrl-C ends the program. */
export function untilInterrupted(terminal: Terminal): { readonly interrupted: AbortSignal; readonly release: () => void } {
  const controller = new AbortController();
  const interrupt = () => {
    controller.abort();
  };
  terminal.once('SIGINT', interrupt);
  return { interrupted: controller.signal, release: () => terminal.off('SIGINT', interrupt) };
}
