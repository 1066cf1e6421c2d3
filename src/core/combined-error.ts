import { reasonOf, toError } from './error-tools.js';

/** The most causes that a message lists. */
const DESCRIBED_CAUSES = 20;

/**
 * One error for several causes. Its `errors` and its message list them in order.
 *
 *     primary & backup: ECONNREFUSED; ETIMEDOUT
 */
export function combinedError(what: string, causes: readonly unknown[]): AggregateError {
  const reasons = causes.slice(0, DESCRIBED_CAUSES).map((cause) => reasonOf(toError(cause)));
  const rest = causes.length > DESCRIBED_CAUSES ? [`and ${causes.length - DESCRIBED_CAUSES} more`] : [];
  return new AggregateError(causes, `${what}: ${[...reasons, ...rest].join('; ')}`);
}
