import type { Policy } from './make-policy.js';
import { tokensOf, type Token } from './tokens.js';

/**
 * The policy that a template says.
 *
 *     or    = and { '|' and }
 *     and   = wrap { '&' [delay] wrap }
 *     wrap  = part { '+' part }
 *     part  = policy | '(' or ')'
 *
 * @throws SyntaxError with the line in question, and a mark below the place
 */
export function parse<T>(strings: readonly string[], policies: readonly Policy<T>[]): Policy<T> {
  const { text, tokens } = tokensOf(strings, policies);
  let next = 0;

  const chain =
    (sign: '+' | '&' | '|', part: () => Policy<T>, join: (a: Policy<T>, b: Policy<T>, by: string) => Policy<T>) => () => {
      let whole = part();
      while (tokens[next]!.type === sign) {
        const by = tokens[next++]!.text;
        whole = join(whole, part(), by);
      }
      return whole;
    };

  const part = (): Policy<T> => {
    const token = tokens[next++]!;
    if (token.type === 'operand') return token.operand;
    if (token.type !== '(') throw syntaxError(text, token, 'a policy or "("');
    const inner = or();
    const closing = tokens[next++]!;
    if (closing.type !== ')') throw syntaxError(text, closing, `${SIGNS} or ")"`);
    return inner;
  };

  const wrap = chain('+', part, (a, b) => a.wrap(b));
  const and = chain('&', wrap, (a, b, by) => (by === '&' ? a.and(b) : a.hedge(b, Number(by.slice(1)))));
  const or = chain('|', and, (a, b) => a.or(b));

  const whole = or();
  const rest = tokens[next]!;
  if (rest.type !== 'end') throw syntaxError(text, rest, SIGNS);
  return whole;
}

const SIGNS = '"+", "&", "|"';

function syntaxError<T>(text: string, { at, type, text: found }: Token<T>, expected: string): SyntaxError {
  const before = text.slice(0, at).split('\n');
  const line = text.split('\n')[before.length - 1]!;
  const what = type === 'end' ? 'the end' : type === 'operand' ? 'a policy' : `"${found}"`;
  const column = before.at(-1)!.length;
  return new SyntaxError(`expected ${expected}, but found ${what}\n  ${line}\n  ${' '.repeat(column)}^`);
}
