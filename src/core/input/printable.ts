const ESCAPES: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/**
 * Escapes untrusted text for a terminal: control characters, line ends, and characters that are invisible or change the
 * direction of text.
 */
export function printable(text: string): string {
  return text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, escaped);
}

/** Like {@link printable}, in ASCII only. */
export function printableAscii(text: string): string {
  return printable(text).replace(/[^\x20-\x7e]/gu, escaped);
}

function escaped(character: string): string {
  const code = character.codePointAt(0)!.toString(16);
  return ESCAPES[character] ?? (code.length > 4 ? `\\u{${code}}` : `\\u${code.padStart(4, '0')}`);
}

/**
 * Escapes control characters and characters that are invisible or change the direction of text in JSON. The meaning stays the
 * same, because such characters occur within strings only. Line ends between tokens stay.
 */
export function escapeInvisible(json: string): string {
  return json.replace(/(?!\n)[\p{C}\p{Zl}\p{Zp}]/gu, (character) =>
    Array.from({ length: character.length }, (_, i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`).join(''),
  );
}
