import { getSystemErrorMap, getSystemErrorName } from 'node:util';

/**
 * The error that Node creates for the error number of a system call.
 *
 * @param local the local end, which the message mentions
 */
export function systemError(errno: number, syscall: 'connect' | 'bind', address: string, port: number, local = ''): Error {
  const code = getSystemErrorName(errno);
  const message = `${syscall} ${code} ${address}${port > 0 ? `:${port}` : ''}${local && ` - Local (${local})`}`;
  const error = withShortStack(() => new Error(message));
  return Object.assign(error, { errno, code, syscall, address, ...(port > 0 && { port }) });
}

/** libuv's number for `EAI_NONAME`. */
const NO_NAME = -3008;

/** The error of Node's look-up for a host without addresses. */
export function nothingFound(host: string): Error {
  const error = withShortStack(() => new Error(`getaddrinfo ENOTFOUND ${host}`));
  return Object.assign(error, { errno: NO_NAME, code: 'ENOTFOUND', syscall: 'getaddrinfo', hostname: host });
}

/** The error number of a code, as system calls return it. */
export function errnoOf(code: string): number {
  return [...getSystemErrorMap()].find(([, [name]]) => name === code)![0];
}

/** The most lines of a stack. Node's own connection errors have one or two, because they come from the event loop. */
const LINES = 1;

/** Creates an error whose stack does not expose this package's internals. */
export function withShortStack<E extends Error>(create: () => E): E {
  const { stackTraceLimit } = Error;
  // This fails if a program has frozen `Error`; the stack is then longer.
  if (stackTraceLimit > LINES) Reflect.set(Error, 'stackTraceLimit', LINES);
  try {
    return create();
  } finally {
    if (stackTraceLimit > LINES) Reflect.set(Error, 'stackTraceLimit', stackTraceLimit);
  }
}
