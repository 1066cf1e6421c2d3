/** Anything that was thrown, as an Error with a message. */
export function toError(thrown: unknown): Error {
  const tag = Object.prototype.toString.call(thrown);
  // By tag and shape where it is of another realm.
  if (thrown instanceof Error || tag === '[object Error]' || tag === '[object DOMException]') return thrown as Error;
  const what = Object(thrown) === thrown ? tag : String(thrown);
  return new Error(`${what} was thrown, which is not an Error`, { cause: thrown });
}

/** An Error with a code, as Node's system errors have. */
export function codedError(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}

/** The `code` of an error, where it has one. */
export function errorCode(error: Error | undefined): string | undefined {
  const code: unknown = (error as { code?: unknown } | undefined)?.code;
  return typeof code === 'string' ? code : undefined;
}

/**
 * Why, in a word: the error's code; where that is one of Node's own or missing, its message; in any case something. The
 * messages of OpenSSL are long, and hold a reason.
 */
export function reasonOf(error: Error): string {
  const code = errorCode(error);
  if (code === BLOCKED) return 'blocked';
  const { reason } = error as { reason?: unknown };
  if (code?.startsWith('ERR_SSL_') && typeof reason === 'string') return `TLS: ${reason}`;
  return code !== undefined && !code.startsWith('ERR_') ? code : error.message || code || error.name;
}

/** The code of an attempt that a filter has refused. */
export const BLOCKED = 'ERR_IP_BLOCKED';

/** Codes that say that there is nothing, where others say that nobody knows. */
export const NOTHING_THERE = new Set(['ENOTFOUND', 'ENODATA']);

/** The errors within an error, in order, through lists in lists; the error itself where it holds none. */
export function flatten(error: Error, within: readonly Error[] = []): Error[] {
  const { errors } = error as Partial<AggregateError>;
  if (!Array.isArray(errors) || within.includes(error)) return [error];
  return errors.map(toError).flatMap((one) => flatten(one, [...within, error]));
}

/** What an error comes from, in order: an AggregateError's errors and theirs in turn; itself where it names none. */
export function causesOf(error: unknown, within: readonly unknown[] = []): unknown[] {
  const errors: unknown = error instanceof AggregateError ? error.errors : [];
  if (!Array.isArray(errors) || errors.length === 0 || within.includes(error)) return [error];
  return errors.flatMap((one) => causesOf(one, [...within, error]));
}
