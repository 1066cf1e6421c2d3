import { columnsOf } from '../pictures/text-columns.js';
import type { Output } from './terminal.js';

/** Lines at the bottom of a terminal that are redrawn. */
export interface Live {
  /** Replaces the previous text. */
  readonly draw: (text: string) => void;
  /** Removes the text. */
  readonly clear: () => void;
}

/** The number of rows of a terminal that does not report it. */
const DEFAULT_ROWS = 24;

/**
 * Draws in place on a terminal, and nothing on anything else. If there are more lines than the terminal has, the last are shown.
 *
 * The cursor stays below the lines, where the `^C` of Ctrl-C does not disturb them. A terminal that is made narrower wraps lines, which
 * then take several rows.
 */
export function live(output: Output): Live {
  if (!output.isTTY || process.env.TERM === 'dumb') return { draw: () => undefined, clear: () => undefined };
  let drawn: readonly string[] = [];
  const wipe = () => {
    const rows = drawn.reduce((sum, line) => sum + rowsOf(line, output.columns), 0);
    return rows === 0 ? '' : `\r\x1b[${rows}A\x1b[J`;
  };
  return {
    draw(text) {
      const lines = text.split('\n').slice(-Math.max((output.rows || DEFAULT_ROWS) - 1, 1));
      output.write(`${wipe()}${lines.join('\n')}\n`);
      drawn = lines;
    },
    clear() {
      output.write(wipe());
      drawn = [];
    },
  };
}

function rowsOf(line: string, columns: number | undefined): number {
  return columns ? Math.max(Math.ceil(columnsOf(line) / columns), 1) : 1;
}
