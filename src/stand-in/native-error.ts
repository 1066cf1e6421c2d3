import { toError } from '../core/error-tools.js';
import type { AttemptRecord } from '../core/race/attempt-records.js';
import { ConnectionError } from '../core/race/connection-error.js';
import { errnoOf, nothingFound, systemError, withShortStack } from './system-error.js';

/**
 * Converts the error of a race to the one that Node itself would have reported: that of the look-up, that of the only attempt, or
 * an `AggregateError` with `code` and the errors of all attempts. Its non-enumerable property `connectionError` is the race's
 * {@link ConnectionError}.
 */
export function nativeError(thrown: unknown): Error {
  if (!(thrown instanceof ConnectionError)) return toError(thrown);
  const error = errorOf(thrown);
  // This fails if the caller's look-up has frozen the error.
  Reflect.defineProperty(error, 'connectionError', { value: thrown, configurable: true, writable: true });
  return error;
}

function errorOf({ reason, attempts, cause, host, port }: ConnectionError): Error {
  if (reason === 'resolution') return cause instanceof Error ? cause : nothingFound(host);
  const errors = attempts.map(attemptError);
  const [first, ...others] = errors;
  if (!first) return timedOut(host, port);
  return others.length === 0 ? first : aggregate(errors, reason === 'timeout' ? 'ETIMEDOUT' : codeOf(first));
}

/** Node's own error for an attempt, including one that took too long. */
function attemptError({ endpoint, error, code }: AttemptRecord): Error {
  const hasShape = error && (code !== 'ETIMEDOUT' || 'syscall' in error);
  return hasShape ? error : timedOut(endpoint.address, endpoint.port);
}

function timedOut(address: string, port: number): Error {
  return systemError(errnoOf('ETIMEDOUT'), 'connect', address, port);
}

function codeOf(error: Error): unknown {
  return (error as { code?: unknown }).code;
}

/** Creates an AggregateError as Node does: without a message, and with the code in its stack. */
function aggregate(errors: readonly Error[], code: unknown): AggregateError {
  const error = withShortStack(() => new AggregateError(errors));
  Object.assign(error, { code });
  if (typeof error.stack === 'string')
    error.stack = error.stack.replace(/^AggregateError:? ?/, `AggregateError [${String(code)}]: `);
  return error;
}
