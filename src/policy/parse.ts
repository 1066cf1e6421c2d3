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
 * Read by a loop with a stack of its own, so that no number of parentheses is too many.
 *
 * @throws SyntaxError with the line in question, and a mark below the place
 */
export function parse<T>(strings: readonly string[], policies: readonly Policy<T>[]): Policy<T> {
  const { text, tokens } = tokensOf(strings, policies);
  const operands: Policy<T>[] = [];
  /** Signs whose right side is not complete, and parentheses that are open. */
  const waiting: Token<Policy<T>>[] = [];
  let open = 0;

  /** Joins what the latest signs join, as far as they come before one of this rank. */
  const join = (rank: number) => {
    for (let sign = waiting.at(-1); sign && rankOf(sign) >= rank; sign = waiting.at(-1)) {
      const right = operands.pop()!;
      operands.push(joinedBy(operands.pop()!, sign.text, right));
      waiting.pop();
    }
  };

  let isComplete = false;
  for (const token of tokens) {
    if (!isComplete) {
      if (token.type === 'operand') operands.push(token.operand);
      else if (token.type !== '(') throw syntaxError(text, token, 'a policy or "("');
      else {
        open++;
        waiting.push(token);
      }
      isComplete = token.type === 'operand';
    } else if (rankOf(token) >= 0) {
      join(rankOf(token));
      waiting.push(token);
      isComplete = false;
    } else if (token.type === ')' && open > 0) {
      join(0);
      waiting.pop();
      open--;
    } else if (token.type !== 'end' || open > 0) {
      throw syntaxError(text, token, open > 0 ? `${SIGNS} or ")"` : SIGNS);
    }
  }
  join(0);
  return operands[0]!;
}

/** How close a sign holds its sides together; below 0: not a sign. */
function rankOf({ type }: Token<unknown>): number {
  return ['|', '&', '+'].indexOf(type);
}

function joinedBy<T>(left: Policy<T>, sign: string, right: Policy<T>): Policy<T> {
  if (sign === '+') return left.wrap(right);
  if (sign === '|') return left.or(right);
  return sign === '&' ? left.and(right) : left.hedge(right, Number(sign.slice(1)));
}

const SIGNS = '"+", "&", "|"';

/** Characters before and after the place that are shown of a long line. */
const SHOWN = 60;

function syntaxError<T>(text: string, { at, type, text: found }: Token<T>, expected: string): SyntaxError {
  const start = Math.max(text.lastIndexOf('\n', at - 1) + 1, at - SHOWN);
  const [line] = text.slice(start, at + SHOWN).split('\n', 1);
  const what = type === 'end' ? 'the end' : type === 'operand' ? 'a policy' : `"${found.slice(0, SHOWN)}"`;
  return new SyntaxError(`expected ${expected}, but found ${what}\n  ${line}\n  ${' '.repeat(at - start)}^`);
}
