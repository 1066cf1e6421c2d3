import stringWidth from 'string-width';

/** Columns that text needs at least. */
const NARROWEST = 20;

/** Columns beyond which no terminal goes. */
export const WIDEST = 1000;

/** The fewest columns in which a bar still says something beside its label. */
export const NARROWEST_BARS = 16;

/** The columns that are drawn in where so many were asked for. */
export function drawnWidth(asked = 80): number {
  return Math.min(Math.max(asked, NARROWEST), WIDEST);
}

/** How many columns of a terminal the text takes: characters of East Asia and emoji take two, and marks none. */
export function columnsOf(text: string): number {
  return stringWidth(text);
}

/** The most columns that any of the texts takes. */
export function widest(texts: readonly string[]): number {
  return texts.reduce((most, text) => Math.max(most, columnsOf(text)), 0);
}

/** The text, and spaces up to so many columns. */
export function padColumns(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - columnsOf(text)));
}

/** The text, or as much of it as fits so many columns with a `…` behind. */
export function cutColumns(text: string, columns: number): string {
  return columnsOf(text) <= columns ? text : `${head(text, columns - 1)}…`;
}

/**
 * A text, or words, in lines of at most so many columns: broken at spaces (but not before `ms`), and where a word is longer than a line after its last `:` or `.`.
 *
 * @param indent before every line but the first
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

/** As much of the text as fits so many columns. What people see as one character is not taken apart. */
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
