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
 * Draws in place on a terminal that can; on anything else, nothing at all. No line may be wider than the terminal: it would wrap, and
 * be counted as one. Of more lines than the terminal has, the last are shown.
 */
export function live(output: Output): Live {
  if (!output.isTTY || process.env.TERM === 'dumb') return { draw: () => undefined, clear: () => undefined };
  let drawn = 0;
  const wipe = () => (drawn === 0 ? '' : `\r${drawn > 1 ? `\x1b[${drawn - 1}A` : ''}\x1b[J`);
  return {
    draw(text) {
      const lines = text.split('\n').slice(-Math.max((output.rows || DEFAULT_ROWS) - 1, 1));
      output.write(wipe() + lines.join('\n'));
      drawn = lines.length;
    },
    clear() {
      output.write(wipe());
      drawn = 0;
    },
  };
}
