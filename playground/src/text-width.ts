/** Characters that terminals draw two columns wide: those of East Asia, and emoji. */
const WIDE =
  /^(?:\p{Extended_Pictographic}|[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{1f000}-\u{1faff}\u{20000}-\u{3fffd}])/u;

const ASCII = /^[\x20-\x7e]*$/;

const characters = new Intl.Segmenter();

/**
 * The width of a text in columns, for pictures in a page: it stands for the package `string-width`, whose tables of Unicode a page has
 * no room for. It differs in rare characters, and so by a column in a picture.
 */
export default function stringWidth(text: string): number {
  if (ASCII.test(text)) return text.length;
  let columns = 0;
  for (const { segment } of characters.segment(text)) columns += WIDE.test(segment) ? 2 : 1;
  return columns;
}
