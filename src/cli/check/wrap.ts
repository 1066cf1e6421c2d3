/**
 * Breaks a text into lines between words; a word that is too long for a line is broken where the line ends.
 *
 * @param width of the first line, in characters
 * @param rest of the others; default: as wide
 */
export function wrap(text: string, width: number, rest = width): readonly string[] {
  const lines: string[] = [];
  let line = '';
  const room = () => (lines.length === 0 ? width : rest);
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > room()) {
      lines.push(line);
      line = '';
    }
    line += line === '' ? word : ` ${word}`;
    while (line.length > room()) {
      const cut = room();
      lines.push(line.slice(0, cut));
      line = line.slice(cut);
    }
  }
  return [...lines, line];
}
