/** The most characters of a foreign text that a picture shows. */
const LONGEST = 500;

/**
 * Converts foreign text to one harmless line of at most 500 characters.
 *
 * White space becomes one space. Invisible characters, and those that change the direction of text, are removed. Control characters
 * (which begin escape sequences of terminals, and are invalid in XML) and lone surrogates become `U+FFFD`. Of stacked combining
 * marks, two are kept.
 */
export function plainText(text: string, longest = LONGEST): string {
  const line = text
    .slice(0, 4 * longest)
    .replace(/\s+/gu, ' ')
    .replace(/\p{Cf}/gu, '')
    .replace(/\p{C}/gu, '\ufffd')
    .replace(/(\p{M}{2})\p{M}+/gu, '$1')
    .trim();
  const characters = Array.from(line);
  const whole = text.length <= 4 * longest && characters.length <= longest;
  return whole ? line : `${characters.slice(0, longest - 1).join('')}…`;
}

/** Converts text to printable ASCII. Other characters become `?`. */
export function toAscii(text: string): string {
  return text.replaceAll('…', '...').replace(/[^\x20-\x7e]/gu, '?');
}
