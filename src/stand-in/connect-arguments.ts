import { isIP, type LookupFunction } from 'node:net';

/** What a socket is told of where to connect; names and meanings are those of `net.connect`. */
export interface Destination {
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
}

/** Whether there is no name to look up: an address, or a path. */
export function isNameless({ host, path }: Destination): boolean {
  return Boolean(path) || (typeof host === 'string' && isIP(host) !== 0);
}

/** The arguments of `socket.connect`, in each of its forms: `(port, host, listener)`, `(path)`, `(options)`, and that of `net.connect`. */
export function connectArguments(given: readonly unknown[]): [destination: Destination, listener?: () => void] {
  const [first, second] = given;
  // As `net.connect` hands them on: a list in a list, which bears a mark.
  if (Array.isArray(first) && Object.getOwnPropertySymbols(first).length > 0)
    return first as unknown as [Destination, () => void];
  const last = given.at(-1);
  const listener = typeof last === 'function' ? (last as () => void) : undefined;
  if (typeof first === 'object' && first !== null) return [first, listener];
  if (typeof first === 'string' && !(Number(first) >= 0)) return [{ path: first }, listener];
  return [{ port: first as number, ...(typeof second === 'string' && { host: second }) }, listener];
}
