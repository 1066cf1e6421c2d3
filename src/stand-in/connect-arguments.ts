import { isIP, type LookupFunction } from 'node:net';

/** What a socket is told of where to connect; names and meanings are those of `net.connect`. */
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
  /** Of `tls.connect`. */
  readonly session?: Buffer;
  readonly ALPNProtocols?: unknown;
  /** Of requests: whose connection it will be. */
  readonly agent?: unknown;
}

/** Every name of {@link ConnectTarget}. */
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

/** A destination whose properties are its own, where Node would read inherited ones and copies would lose them. */
export function ownOf(destination: ConnectTarget): ConnectTarget {
  const prototype: unknown = Object.getPrototypeOf(destination);
  if (prototype === null || prototype === Object.prototype) return destination;
  const own: Record<string, unknown> = {};
  for (const name in destination) own[name] = (destination as Record<string, unknown>)[name];
  // Those of a class may not be enumerable.
  for (const name of NAMES) if (destination[name] !== undefined) own[name] = destination[name];
  return own;
}

/** Whether there is no name to look up: an address, or a path. */
export function isNameless({ host, path }: ConnectTarget): boolean {
  return Boolean(path) || (typeof host === 'string' && isIP(host) !== 0);
}

/** The arguments of `socket.connect`, in each of its forms: `(port, host, listener)`, `(path)`, `(options)`, and that of `net.connect`. */
export function connectArguments(given: readonly unknown[]): [destination: ConnectTarget, listener?: () => void] {
  const [first, second] = given;
  // As `net.connect` hands them on: a list in a list, which bears a mark.
  if (Array.isArray(first) && Object.getOwnPropertySymbols(first).length > 0)
    return first as unknown as [ConnectTarget, () => void];
  const last = given.at(-1);
  const listener = typeof last === 'function' ? (last as () => void) : undefined;
  if (typeof first === 'object' && first !== null) return [first, listener];
  if (typeof first === 'string' && !(Number(first) >= 0)) return [{ path: first }, listener];
  return [{ port: first as number, ...(typeof second === 'string' && { host: second }) }, listener];
}
