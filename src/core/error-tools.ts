import { withoutCredentials } from './input/secrets.js';

/** Anything that was thrown, as an Error with a message. */
export function toError(thrown: unknown): Error {
  if (thrown instanceof Error) return thrown;
  const tag = Object.prototype.toString.call(thrown);
  // By tag and shape where it is of another realm.
  if (tag === '[object Error]' || tag === '[object DOMException]') return thrown as Error;
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
  return code !== undefined && !code.startsWith('ERR_') ? code : messageOf(error) || code || error.name;
}

/** Without the passwords of URLs: messages are somebody else's, and may repeat what they were given. */
function messageOf({ message }: { readonly message: unknown }): string {
  return typeof message === 'string' ? withoutCredentials(message) : '';
}

/** The code of an attempt that a filter has refused. */
export const BLOCKED = 'ERR_IP_BLOCKED';

/** Codes that say that there is nothing, where others say that nobody knows. */
export const NOTHING_THERE = new Set(['ENOTFOUND', 'ENODATA']);

/**
 * The errors within an error, in order, through lists in lists; the error itself where it holds none. An error that holds
 * others is opened once: where it comes again, as in itself, it stands for itself.
 */
export function flatten(error: Error): Error[] {
  return opened(error, (one) => {
    const { errors } = toError(one) as Partial<AggregateError>;
    return Array.isArray(errors) ? errors : [one];
  }).map(toError);
}

/** What an error comes from, in order: an AggregateError's errors and theirs in turn; itself where it names none. */
export function causesOf(error: unknown): unknown[] {
  return opened(error, (one) => (one instanceof AggregateError && one.errors.length > 0 ? one.errors : [one]));
}

/** What is within, by a loop: lists may be nested deeper than the stack is. */
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
