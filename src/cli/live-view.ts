import { columnsOf } from '../pictures/text-columns.js';
import type { Output } from './terminal.js';

/** Lines at the bottom of a terminal that are drawn over and over. */
export interface Live {
  /** Shows this text in place of the one before. */
  readonly draw: (text: string) => void;
  /** Wipes it away. */
  readonly clear: () => void;
}

/** Rows of a terminal that does not say how many it has. */
const DEFAULT_ROWS = 24;

/**
 * Draws in place on a terminal that can; on anything else, nothing at all. Of more lines than the terminal has, the last are shown.
 *
 * The cursor stands below the lines, where the `^C` of Ctrl-C does no harm. Lines that a resize has made wider than the terminal
 * take several rows, as terminals wrap them again.
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
