/** A part of an expression, and where in its text it stands. */
export type Token<Operand> =
  | { readonly type: 'operand'; readonly at: number; readonly text: string; readonly operand: Operand }
  | { readonly type: Sign | 'unknown' | 'end'; readonly at: number; readonly text: string };

type Sign = '+' | '&' | '|' | '(' | ')';

/** An expression that has been taken apart, and how it is shown to people. */
export interface Tokens<Operand> {
  readonly text: string;
  readonly tokens: readonly Token<Operand>[];
}

/** A sign (`&` with the delay of a hedge, if there is one), or any other word. */
const WORDS = /[+|()]|&(?:\d+(?:\.\d+)?(?:e[+-]?\d+)?|Infinity)?|[^\s+&|()]+/g;

/** Takes a template apart, whose operands stand between its strings. */
export function tokensOf<Operand>(strings: readonly string[], operands: readonly Operand[]): Tokens<Operand> {
  const tokens: Token<Operand>[] = [];
  let text = '';
  strings.forEach((string, index) => {
    const start = text.length;
    for (const { 0: word, index: at } of string.matchAll(WORDS)) tokens.push({ type: typeOf(word), at: start + at, text: word });
    text += string;
    if (index === strings.length - 1) return;
    const operand = operands[index]!;
    const shown = `\${${String(operand)}}`;
    tokens.push({ type: 'operand', at: text.length, text: shown, operand });
    text += shown;
  });
  return { text, tokens: [...tokens, { type: 'end', at: text.trimEnd().length, text: '' }] };
}

function typeOf(word: string): Sign | 'unknown' {
  return /^[+&|()]/.test(word) ? (word[0] as Sign) : 'unknown';
}
