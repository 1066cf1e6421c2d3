import { getSystemErrorMap, getSystemErrorName } from 'node:util';

/**
 * The error that Node makes of an error number of a system call.
 *
 * @param local the local end, which the message tells
 */
export function systemError(errno: number, syscall: 'connect' | 'bind', address: string, port: number, local = ''): Error {
  const code = getSystemErrorName(errno);
  const error = new Error(`${syscall} ${code} ${address}${port > 0 ? `:${port}` : ''}${local && ` - Local (${local})`}`);
  return Object.assign(error, { errno, code, syscall, address, ...(port > 0 && { port }) });
}

/** The error number of a code, as system calls return it. */
export function errnoOf(code: string): number {
  return [...getSystemErrorMap()].find(([, [name]]) => name === code)![0];
}
