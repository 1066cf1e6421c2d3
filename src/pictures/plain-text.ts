/** Characters of somebody else's text that a picture shows: what a server sends has no end. */
const LONGEST = 500;

/**
 * Somebody else's text as one harmless line, at most 500 characters long.
 *
 * White space becomes one space. Characters that change the direction of text or cannot be seen are left out; control
 * characters (escape sequences of terminals begin with one, and XML forbids them) and halves of characters become `U+FFFD`. Of
 * marks that are set above each other two are kept.
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

/** The text in printable ASCII; what has no place there becomes `?`. */
export function toAscii(text: string): string {
  return text.replaceAll('…', '...').replace(/[^\x20-\x7e]/gu, '?');
}
