const ESCAPES: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/**
 * Somebody else's text, in which what a terminal would act on, and what cannot be seen, is escaped: control characters, those
 * that change the direction of text, line ends.
 */
export function printable(text: string): string {
  return text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, escaped);
}

/** The same in ASCII alone. */
export function printableAscii(text: string): string {
  return printable(text).replace(/[^\x20-\x7e]/gu, escaped);
}

function escaped(character: string): string {
  const code = character.codePointAt(0)!.toString(16);
  return ESCAPES[character] ?? (code.length > 4 ? `\\u{${code}}` : `\\u${code.padStart(4, '0')}`);
}

/**
 * JSON in which control characters, those that change the direction of text and those that cannot be seen are escaped. It means
 * the same: such characters stand within strings alone. Line ends between the parts stay.
 */
export function escapeInvisible(json: string): string {
  return json.replace(/(?!\n)[\p{C}\p{Zl}\p{Zp}]/gu, (character) =>
    Array.from({ length: character.length }, (_, i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`).join(''),
  );
}
