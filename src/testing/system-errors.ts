import { getSystemErrorMap } from 'node:util';
import type { AnyAnswer } from '../core/race/answers.js';
import type { Endpoint } from '../core/race/endpoint.js';

/** The numbers of this system's errors, by code. */
const numbers = new Map([...getSystemErrorMap()].map(([errno, [code]]) => [code, errno]));

/** Whether this system has an error of that code. */
export function isSystemError(code: string): boolean {
  return numbers.has(code);
}

/** The error with which Node's sockets fail to connect: same message, same properties. */
export function connectionError(code: string, { address, port }: Endpoint): Error {
  const error = new Error(`connect ${code} ${address}:${port}`);
  return Object.assign(error, { errno: numbers.get(code), code, syscall: 'connect', address, port });
}

/** The error of a connection that was up: `read ECONNRESET`. */
export function streamError(code: string, syscall: 'read' | 'write'): Error {
  return Object.assign(new Error(`${syscall} ${code}`), { errno: numbers.get(code), code, syscall });
}

/** The error with which a query of `node:dns` fails. */
export function queryError(code: string, type: AnyAnswer['type'], hostname: string): Error {
  const syscall = `query${type[0]}${type.slice(1).toLowerCase()}`;
  return Object.assign(new Error(`${syscall} ${code} ${hostname}`), { errno: undefined, code, syscall, hostname });
}
