import stringWidth from 'string-width';

/** The least width of text, in columns. */
const NARROWEST = 20;

/** The greatest width, in columns. No terminal is wider. */
export const WIDEST = 1000;

/** The least width, in columns, of a bar beside its label. */
export const NARROWEST_BARS = 16;

/** The width to draw in, in columns, for a requested width. */
export function drawnWidth(asked = 80): number {
  return Math.min(Math.max(asked, NARROWEST), WIDEST);
}

/** The width of a text in terminal columns. East Asian characters and emoji take two columns, combining marks none. */
export function columnsOf(text: string): number {
  return stringWidth(text);
}

/** The width of the widest text, in columns. */
export function widest(texts: readonly string[]): number {
  return texts.reduce((most, text) => Math.max(most, columnsOf(text)), 0);
}

/** Pads a text with spaces to a width in columns. */
export function padColumns(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - columnsOf(text)));
}

/** Truncates a text, with `…`, to a width in columns. */
export function cutColumns(text: string, columns: number): string {
  return columnsOf(text) <= columns ? text : `${head(text, columns - 1)}…`;
}

/**
 * Wraps a text, or words, to lines of at most `columns` columns. Breaks at spaces (but not before `ms`), and a word that is too long
 * after its last `:` or `.`.
 *
 * @param indent precedes every line but the first
 */
export function wrap(text: string | readonly string[], columns: number, indent = ''): string[] {
  const words = typeof text === 'string' ? text.split(/ (?!ms(?: |$))/) : text;
  const lines: string[] = [];
  let line = '';
  for (let word of words) {
    if (line !== '' && columnsOf(`${line} ${word}`) <= columns) {
      line += ` ${word}`;
      continue;
    }
    if (line !== '') lines.push(line);
    const before = lines.length === 0 ? '' : indent;
    line = before + word;
    while (columnsOf(line) > columns) {
      const fits = head(line, columns);
      const sign = Math.max(fits.lastIndexOf(':'), fits.lastIndexOf('.')) + 1;
      const part = sign > fits.length / 2 ? fits.slice(0, sign) : fits;
      lines.push(part);
      word = line.slice(part.length);
      line = indent + word;
    }
  }
  return [...lines, line];
}

/** The beginning of a text that fits a width in columns. Grapheme clusters stay whole. */
function head(text: string, columns: number): string {
  let taken = '';
  let left = columns;
  for (const { segment } of characters.segment(text)) {
    left -= columnsOf(segment);
    if (left < 0) break;
    taken += segment;
  }
  return taken;
}

const characters = new Intl.Segmenter();
