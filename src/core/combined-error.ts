import { reasonOf, toError } from './error-tools.js';

/** Causes that a message tells of one by one. */
const DESCRIBED_CAUSES = 20;

/**
 * One error for several causes, which are its `errors`, in the same order; each has its place in the message.
 *
 *     primary & backup: ECONNREFUSED; ETIMEDOUT
 */
export function combinedError(what: string, causes: readonly unknown[]): AggregateError {
  const reasons = causes.slice(0, DESCRIBED_CAUSES).map((cause) => reasonOf(toError(cause)));
  const rest = causes.length > DESCRIBED_CAUSES ? [`and ${causes.length - DESCRIBED_CAUSES} more`] : [];
  return new AggregateError(causes, `${what}: ${[...reasons, ...rest].join('; ')}`);
}
