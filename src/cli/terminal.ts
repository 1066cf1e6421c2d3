import type { Readable, Writable } from 'node:stream';
import { styleText } from 'node:util';
import { WIDEST } from '../pictures/text-columns.js';

/** The exit statuses of the program. */
export const OK = 0;
export const FAILED = 1;
export const BAD_ARGUMENTS = 2;
export const INTERRUPTED = 130;

/** Signals that end a command. */
export type Signal = 'SIGINT' | 'SIGTERM';

/** The part of `process` that commands use. */
export interface Terminal {
  readonly stdin: Readable;
  readonly stdout: Output;
  readonly stderr: Output;
  on(signal: Signal, listener: () => void): unknown;
  once(signal: Signal, listener: () => void): unknown;
  off(signal: Signal, listener: () => void): unknown;
}

/** A stream of text that may be a terminal. A terminal has a size, and colours unless `NO_COLOR`, `TERM` or `FORCE_COLOR` say otherwise. */
export type Output = Writable & {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  hasColors?(): boolean;
};

/** The appearance of pictures on an output. */
export interface Appearance {
  readonly width: number;
  readonly ascii: boolean;
  readonly style: Style;
}

/** As `util.styleText`. */
export type Style = (format: 'red' | 'green' | 'yellow' | 'cyan' | 'dim' | 'bold', text: string) => string;

// Whether this output has colours has been decided. `styleText` would go by standard output.
const coloured: Style = (format, text) => styleText(format, text, { validateStream: false });
const plain: Style = (_, text) => text;

/** The width of an output that is not a terminal, unless the environment has `COLUMNS`. */
const DEFAULT_WIDTH = 80;

/** The appearance that suits an output: its width, whether it has colours, and whether the locale is limited to ASCII. */
export function appearance(output: Output, { color, ascii = onlyAscii() }: { color?: unknown; ascii?: unknown }): Appearance {
  const style = color !== false && hasColours(output) ? coloured : plain;
  const columns = output.columns || Number(process.env.COLUMNS);
  const width = Number.isInteger(columns) && columns > 0 ? Math.min(columns, WIDEST) : DEFAULT_WIDTH;
  return { width, ascii: Boolean(ascii), style };
}

/** Whether an output has colours. As in Node, `FORCE_COLOR` overrides `NO_COLOR`, and it applies also to files and pipes. */
function hasColours(output: Output): boolean {
  const { FORCE_COLOR, NO_COLOR } = process.env;
  if (FORCE_COLOR !== undefined) return FORCE_COLOR !== '0' && FORCE_COLOR !== 'false';
  if (NO_COLOR) return false;
  return Boolean(output.isTTY && output.hasColors?.());
}

/** Whether the locale of the environment is not UTF-8. */
function onlyAscii(): boolean {
  const { LC_ALL, LC_CTYPE, LANG } = process.env;
  const locale = LC_ALL || LC_CTYPE || LANG || '';
  return locale !== '' && !/utf-?8/i.test(locale);
}

/** Returns a signal that Ctrl-C aborts until it is released. A second Ctrl-C ends the program. */
export function untilInterrupted(terminal: Terminal): { readonly interrupted: AbortSignal; readonly release: () => void } {
  const controller = new AbortController();
  const interrupt = () => {
    controller.abort();
  };
  terminal.once('SIGINT', interrupt);
  return { interrupted: controller.signal, release: () => terminal.off('SIGINT', interrupt) };
}
