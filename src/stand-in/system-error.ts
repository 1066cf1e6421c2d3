import { getSystemErrorMap, getSystemErrorName } from 'node:util';

/**
 * The error that Node makes of an error number of a system call.
 *
 * @param local the local end, which the message tells
 */
export function systemError(errno: number, syscall: 'connect' | 'bind', address: string, port: number, local = ''): Error {
  const code = getSystemErrorName(errno);
  const message = `${syscall} ${code} ${address}${port > 0 ? `:${port}` : ''}${local && ` - Local (${local})`}`;
  const error = withShortStack(() => new Error(message));
  return Object.assign(error, { errno, code, syscall, address, ...(port > 0 && { port }) });
}

/** `EAI_NONAME`, as libuv numbers it. */
const NO_NAME = -3008;

/** The error with which Node's look-up says that a host has no address. */
export function nothingFound(host: string): Error {
  const error = withShortStack(() => new Error(`getaddrinfo ENOTFOUND ${host}`));
  return Object.assign(error, { errno: NO_NAME, code: 'ENOTFOUND', syscall: 'getaddrinfo', hostname: host });
}

/** The error number of a code, as system calls return it. */
export function errnoOf(code: string): number {
  return [...getSystemErrorMap()].find(([, [name]]) => name === code)![0];
}

/** Lines of a stack. Node's own errors of connecting have one or two: they come from the event loop. */
const LINES = 1;

/** Creates an error whose stack does not tell of this package's inside. */
export function withShortStack<E extends Error>(create: () => E): E {
  const { stackTraceLimit } = Error;
  // Fails where a program has frozen it; the stack is then as long as ever.
  if (stackTraceLimit > LINES) Reflect.set(Error, 'stackTraceLimit', LINES);
  try {
    return create();
  } finally {
    if (stackTraceLimit > LINES) Reflect.set(Error, 'stackTraceLimit', stackTraceLimit);
  }
}
