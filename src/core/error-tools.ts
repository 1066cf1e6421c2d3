import { withoutCredentials } from './input/secrets.js';

/** Converts anything that was thrown to an Error with a message. */
export function toError(thrown: unknown): Error {
  if (thrown instanceof Error) return thrown;
  const tag = Object.prototype.toString.call(thrown);
  // An error of another realm is recognised by its tag.
  if (tag === '[object Error]' || tag === '[object DOMException]') return thrown as Error;
  const what = Object(thrown) === thrown ? tag : String(thrown);
  return new Error(`${what} was thrown, which is not an Error`, { cause: thrown });
}

/** An Error with a `code`, like Node's system errors. */
export function codedError(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}

/** The `code` of an error, if it has one. */
export function errorCode(error: Error | undefined): string | undefined {
  const code: unknown = (error as { code?: unknown } | undefined)?.code;
  return typeof code === 'string' ? code : undefined;
}

/**
 * A short reason, never empty: the error's code, or its message where the code is missing or one of Node's own (`ERR_…`). Of
 * OpenSSL's long messages, only the reason is used.
 */
export function reasonOf(error: Error): string {
  const code = errorCode(error);
  if (code === BLOCKED) return 'blocked';
  const { reason } = error as { reason?: unknown };
  if (code?.startsWith('ERR_SSL_') && typeof reason === 'string') return `TLS: ${reason}`;
  return code !== undefined && !code.startsWith('ERR_') ? code : messageOf(error) || code || error.name;
}

/** Without the passwords of URLs: a foreign message may repeat its input. */
function messageOf({ message }: { readonly message: unknown }): string {
  return typeof message === 'string' ? withoutCredentials(message) : '';
}

/** The code of an attempt that a filter refused. */
export const BLOCKED = 'ERR_IP_BLOCKED';

/** Codes that say that a name has no addresses. Every other code leaves that open. */
export const NOTHING_THERE = new Set(['ENOTFOUND', 'ENODATA']);

/**
 * The errors nested in an error, in order and at any depth, or the error itself if it contains none. Each error is opened once,
 * so that one that contains itself ends the search.
 */
export function flatten(error: Error): Error[] {
  return opened(error, (one) => {
    const { errors } = toError(one) as Partial<AggregateError>;
    return Array.isArray(errors) ? errors : [one];
  }).map(toError);
}

/** The causes of an error, in order and at any depth: those of an AggregateError, or the error itself. */
export function causesOf(error: unknown): unknown[] {
  return opened(error, (one) => (one instanceof AggregateError && one.errors.length > 0 ? one.errors : [one]));
}

/** A loop, because lists may be nested deeper than the stack allows. */
function opened(whole: unknown, within: (one: unknown) => readonly unknown[]): unknown[] {
  const found: unknown[] = [];
  const seen = new Set<unknown>();
  const left = [whole];
  while (left.length > 0) {
    const one = left.pop();
    const parts = seen.has(one) ? [one] : within(one);
    if (parts.length === 1 && parts[0] === one) found.push(one);
    else {
      seen.add(one);
      for (let i = parts.length - 1; i >= 0; i--) left.push(parts[i]);
    }
  }
  return found;
}
