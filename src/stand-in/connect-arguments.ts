import { isIP, type LookupFunction } from 'node:net';

/** The options that tell a socket where to connect. Names and meanings are those of `net.connect`. */
export interface ConnectTarget {
  readonly host?: string | null;
  readonly port?: number | string | null;
  readonly family?: number | string;
  readonly lookup?: LookupFunction;
  readonly hints?: number;
  readonly autoSelectFamily?: boolean;
  readonly path?: unknown;
  readonly localAddress?: unknown;
  readonly localPort?: unknown;
  readonly socket?: unknown;
  /** An option of `tls.connect`. */
  readonly session?: Buffer;
  readonly ALPNProtocols?: unknown;
  /** An option of requests: the agent that the connection is for. */
  readonly agent?: unknown;
}

/** The properties of {@link ConnectTarget}. */
const NAMES = [
  'host',
  'port',
  'family',
  'lookup',
  'hints',
  'autoSelectFamily',
  'path',
  'localAddress',
  'localPort',
  'socket',
  'session',
] as const satisfies readonly (keyof ConnectTarget)[];

/** Copies inherited properties to own ones, since Node reads them but a spread would lose them. */
export function ownOf(destination: ConnectTarget): ConnectTarget {
  const prototype: unknown = Object.getPrototypeOf(destination);
  if (prototype === null || prototype === Object.prototype) return destination;
  const own: Record<string, unknown> = {};
  for (const name in destination) own[name] = (destination as Record<string, unknown>)[name];
  // Properties of a class may not be enumerable.
  for (const name of NAMES) if (destination[name] !== undefined) own[name] = destination[name];
  return own;
}

/** Whether there is no name to look up, because the target is an address or a path. */
export function isNameless({ host, path }: ConnectTarget): boolean {
  return Boolean(path) || (typeof host === 'string' && isIP(host) !== 0);
}

/** Normalizes the arguments of `socket.connect`: `(port, host, listener)`, `(path)`, `(options)`, and the form of `net.connect`. */
export function connectArguments(given: readonly unknown[]): [destination: ConnectTarget, listener?: () => void] {
  const [first, second] = given;
  // `net.connect` passes a list within a list, marked by a symbol.
  if (Array.isArray(first) && Object.getOwnPropertySymbols(first).length > 0)
    return first as unknown as [ConnectTarget, () => void];
  const last = given.at(-1);
  const listener = typeof last === 'function' ? (last as () => void) : undefined;
  if (typeof first === 'object' && first !== null) return [first, listener];
  if (typeof first === 'string' && !(Number(first) >= 0)) return [{ path: first }, listener];
  return [{ port: first as number, ...(typeof second === 'string' && { host: second }) }, listener];
}
