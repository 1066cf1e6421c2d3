import type { AnyAnswer } from '../core/race/answers.js';
import type { Endpoint } from '../core/race/endpoint.js';

/** Linux's numbers of the errors that connections come to, for where there is no system to ask. */
const LINUX: Readonly<Record<string, number>> = {
  EPERM: -1,
  EACCES: -13,
  EINVAL: -22,
  EMFILE: -24,
  EPIPE: -32,
  EPROTO: -71,
  EAFNOSUPPORT: -97,
  EADDRINUSE: -98,
  EADDRNOTAVAIL: -99,
  ENETDOWN: -100,
  ENETUNREACH: -101,
  ECONNABORTED: -103,
  ECONNRESET: -104,
  ENOBUFS: -105,
  ENOTCONN: -107,
  ETIMEDOUT: -110,
  ECONNREFUSED: -111,
  EHOSTDOWN: -112,
  EHOSTUNREACH: -113,
};

/** The numbers of this system's errors, by code. A browser has no process, and nothing is imported there. */
const numbers: ReadonlyMap<string, number> = systemNumbers() ?? new Map(Object.entries(LINUX));

function systemNumbers(): ReadonlyMap<string, number> | undefined {
  const { process } = globalThis as { process?: Partial<NodeJS.Process> };
  const util = process?.getBuiltinModule?.('node:util');
  return util && new Map([...util.getSystemErrorMap()].map(([errno, [code]]) => [code, errno]));
}

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
