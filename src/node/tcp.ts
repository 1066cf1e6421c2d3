import { Socket } from 'node:net';
import { catchError, Observable, throwError } from 'rxjs';
import { parseAddress, type Family } from '../core/address/address.js';
import { invalidReturn, invalidType, invalidValue } from '../core/input/argument-errors.js';
import { boolean, callable, checkEach, integer, LONGEST_DELAY, number, oneOrMore, type Checks } from '../core/input/checks.js';
import { formatEndpoint, type Endpoint } from '../core/race/endpoint.js';
import { codedError, errorCode } from '../core/error-tools.js';
import type { Transport } from '../rx/transport.js';

/** Options of the sockets that {@link tcp} creates. Names, units and defaults are those of `net.connect`. */
export interface SocketOptions {
  readonly allowHalfOpen?: boolean | undefined;
  /** Bytes. */
  readonly highWaterMark?: number | undefined;
  readonly noDelay?: boolean | undefined;
  readonly keepAlive?: boolean | undefined;
  /** ms. */
  readonly keepAliveInitialDelay?: number | undefined;
}

/** {@link SocketOptions} and the local end of connections. */
export interface TcpOptions extends SocketOptions {
  /**
   * The local address to connect from, or several. Those of the endpoint's family are tried in order. Without one of that family
   * the attempt fails with `EADDRNOTAVAIL`.
   *
   * @defaultValue none
   * @example `{ localAddress: ['192.0.2.7', '2001:db8::7'] }`
   */
  readonly localAddress?: string | readonly string[] | undefined;
  /**
   * The local port to connect from, or several, which are tried in order.
   *
   * @defaultValue none
   * @example `{ localPort: [50000, 50001] }`
   */
  readonly localPort?: number | readonly number[] | undefined;
  /**
   * Creates the socket of an attempt, which must not be connected yet. It replaces `tcp`.
   *
   * @defaultValue none
   * @example `{ socketFactory: () => new Socket() }`
   */
  readonly socketFactory?: ((endpoint: Endpoint) => Socket) | undefined;
}

/**
 * A transport over TCP. Emits the connected socket and completes. From then on the socket belongs to the subscriber: nothing
 * listens on it, and data that the server has sent waits in it. Unsubscribing before that destroys the socket.
 *
 * Errors with Node's own connection error. If a local address or port is unavailable (`EADDRNOTAVAIL`, `EADDRINUSE` …), the next
 * one is tried; the last error counts. If there is no local address of the endpoint's family, the attempt fails with
 * `EADDRNOTAVAIL` before any packet is sent.
 *
 * @throws TypeError, RangeError at the call, with Node's codes, for invalid options
 */
export function tcp(options: TcpOptions = {}): Transport<Socket> {
  checkEach('options', options, tcpChecks);
  const { localAddress, localPort, socketFactory, ...socketOptions } = options;
  return tcpFrom({ localAddress, localPort }, socketFactory ? (endpoint) => socketFactory(endpoint) : socketsWith(socketOptions));
}

/** {@link tcp} with options that have been checked. */
export function tcpFrom(
  { localAddress, localPort }: Pick<TcpOptions, 'localAddress' | 'localPort'>,
  createSocket: SocketFactory,
): Transport<Socket> {
  if (localAddress === undefined && localPort === undefined)
    return (endpoint, progressed) => connectOnce(ANY, endpoint, () => createSocket(endpoint, progressed));

  const locals = localEnds(localAddress, localPort);
  return (endpoint, progressed) => {
    const ends = locals.filter(({ family }) => family === undefined || family === endpoint.family);
    return connectFrom(ends, endpoint, () => createSocket(endpoint, progressed));
  };
}

/** Checks of the sockets' options. */
export const socketChecks: Checks<SocketOptions> = {
  allowHalfOpen: boolean,
  highWaterMark: integer(0, Number.MAX_SAFE_INTEGER),
  noDelay: boolean,
  keepAlive: boolean,
  keepAliveInitialDelay: number(0, LONGEST_DELAY),
};

/** Checks of the options for the local end. */
export const localChecks: Checks<Omit<TcpOptions, keyof SocketOptions>> = {
  localAddress: oneOrMore((name, value) => {
    if (typeof value !== 'string') throw invalidType(name, 'an IP address or several', value);
    if (!parseAddress(value)) throw invalidValue(name, 'must be an IP address', value);
  }),
  localPort: oneOrMore(integer(0, 65_535)),
  socketFactory: callable,
};

const tcpChecks: Checks<TcpOptions> = { ...socketChecks, ...localChecks };

/** Our own factories may create sockets that connect in several stages. */
export type SocketFactory = (...given: Parameters<Transport<Socket>>) => Socket;

/** Creates sockets with options. The caller may change the original options later. */
export function socketsWith(options: SocketOptions | undefined): () => Socket {
  const all = { ...SET_BY_NODE, ...options };
  return () => new Socket(all);
}

/** What Node sets in a copy of a socket's options. On Node 20 that takes 10 µs if they are not there. */
const SET_BY_NODE = { allowHalfOpen: false, emitClose: false, autoDestroy: true, decodeStrings: false };

/** Any local end. */
const ANY: LocalEnd = {};

/** The local end of a connection, as far as the caller specifies it. */
interface LocalEnd {
  readonly localAddress?: string;
  readonly localPort?: number;
  readonly family?: Family;
}

function localEnds(addresses: TcpOptions['localAddress'], ports: TcpOptions['localPort']): LocalEnd[] {
  const addressed = [addresses ?? []].flat().map((text) => {
    const { address, family } = parseAddress(text)!;
    return { localAddress: address, family };
  });
  const ported = [ports ?? []].flat().map((localPort) => ({ localPort }));
  const orAny = (ends: LocalEnd[]): LocalEnd[] => (ends.length === 0 ? [ANY] : ends);
  return orAny(addressed).flatMap((address) => orAny(ported).map((port) => ({ ...address, ...port })));
}

/** Failures of the local end, before any packet was sent. Another local end may work. */
const LOCAL_END_FAILURES = new Set(['EADDRNOTAVAIL', 'EADDRINUSE', 'EINVAL']);

/** `EACCES` means a privileged port, unless it comes from `connect`: there it is a router's answer, "administratively prohibited". */
function isOfLocalEnd(error: NodeJS.ErrnoException): boolean {
  const code = errorCode(error) ?? '';
  return LOCAL_END_FAILURES.has(code) || (code === 'EACCES' && error.syscall !== 'connect');
}

function connectFrom(ends: readonly LocalEnd[], endpoint: Endpoint, createSocket: () => Socket): Observable<Socket> {
  const [end, ...others] = ends;
  if (end === undefined) {
    const message = `no local IPv${endpoint.family} address is given to reach ${formatEndpoint(endpoint)} from`;
    return throwError(() => codedError('EADDRNOTAVAIL', message));
  }
  const socket$ = connectOnce(end, endpoint, createSocket);
  if (others.length === 0) return socket$;
  return socket$.pipe(
    catchError((error: Error) => {
      if (isOfLocalEnd(error)) return connectFrom(others, endpoint, createSocket);
      throw error;
    }),
  );
}

function connectOnce({ localAddress, localPort }: LocalEnd, endpoint: Endpoint, createSocket: () => Socket) {
  return new Observable<Socket>((subscriber) => {
    if (subscriber.closed) return;
    const socket = createSocket();
    // A factory may end the race, and connecting would revive a destroyed socket.
    if (subscriber.closed as boolean) {
      socket.destroy();
      return;
    }
    if (!(socket instanceof Socket) || !socket.pending || socket.connecting) {
      // Nothing else would destroy it.
      if (socket instanceof Socket) socket.destroy();
      throw invalidReturn('socketFactory', 'a net.Socket that is not yet connected', socket);
    }

    let isOurs = true;
    const connected = () => {
      isOurs = false;
      socket.off('connect', connected).off('error', failed).off('close', closed);
      subscriber.next(socket);
      subscriber.complete();
    };
    // This listener stays on a losing socket, because an error may already be on its way.
    const failed = (error: Error) => {
      subscriber.error(error);
    };
    const closed = () => {
      subscriber.error(codedError('ECONNABORTED', `closed before it was connected to ${formatEndpoint(endpoint)}`));
    };
    const destroy = () => {
      if (isOurs) socket.off('connect', connected).destroy();
    };

    subscriber.add(destroy);
    socket.on('connect', connected).on('error', failed).on('close', closed);
    const { address: host, port, family } = endpoint;
    socket.connect({ host, port, family, autoSelectFamily: false, localAddress, localPort });
  });
}
