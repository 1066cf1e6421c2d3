import type { Socket } from 'node:net';
import { TLSSocket, type ConnectionOptions, type PeerCertificate } from 'node:tls';
import { handleOf, type Handle } from './handle.js';

/** The handle of a `tls.TLSSocket`: Node's `TLSWrap`, on top of that of the TCP connection. */
export interface TlsHandle extends Handle {
  readonly _parent: Handle;
  _secureContext: { readonly context: unknown };
  reading: boolean;
  onread: unknown;
  onhandshakedone: () => void;
  /** Begins the handshake; Node aborts the process when it is called twice. */
  start: () => void;
  readonly readStart: () => number;
  readonly requestOCSP: () => void;
  readonly enableTrace: () => void;
  readonly enableKeylogCallback: () => void;
  readonly enableSessionCallbacks: () => void;
  [internal: symbol]: unknown;
}

/** What `tls.connect` remembers of its options. */
export interface ConnectOptions extends ConnectionOptions {
  checkServerIdentity: (host: string, certificate: PeerCertificate) => Error | undefined;
}

/** A `tls.TLSSocket` as Node sees it. */
export interface InnerTlsSocket {
  _handle: TlsHandle | null;
  ssl: unknown;
  readonly _tlsOptions: {
    readonly secureContext?: { readonly context: unknown };
    readonly pipe?: boolean;
    readonly requestOCSP?: boolean;
    readonly enableTrace?: boolean;
  };
  readonly _wrapHandle: (wrap: null, handle: null, hasActiveWrite: false) => TlsHandle;
  readonly _init: () => void;
  /** Called once the handshake is complete: emits `secure`, upon which the certificate is verified. */
  readonly _finishInit: () => void;
  alpnProtocol: string | false | null;
  servername: unknown;
  authorized: boolean;
  authorizationError: unknown;
  [internal: symbol]: unknown;
}

/** What a handshake apart from its socket needs of Node that is not public. */
export interface TlsInternals {
  /** Of a handle: whose it is. */
  readonly owner: symbol;
  /** Of a `tls.TLSSocket`: its handle once more. */
  readonly handle: symbol;
  readonly connectOptions: symbol;
  /** A session that came before the certificate was verified. */
  readonly pendingSession: symbol;
}

/** What Node calls on a `tls.TLSSocket` that `tls.connect` has made. */
export interface TlsListeners {
  /** Verifies the certificate. */
  readonly secured: () => void;
  /** Fails with what Node says of a connection that was closed before. */
  readonly ended: () => void;
}

/** A `tls.TLSSocket` of `tls.connect` whose inside is as expected. */
export interface Securable {
  readonly socket: TLSSocket;
  readonly self: InnerTlsSocket;
  readonly internals: TlsInternals;
  readonly listeners: TlsListeners;
  readonly options: ConnectOptions;
}

const METHODS = ['_wrapHandle', '_init', '_finishInit'] as const;

/** Node's internals, once they have been seen. */
let known: TlsInternals | undefined;

/**
 * What a race past TCP needs of a socket; `undefined` for one that is not of `tls.connect`, and where Node's internals are not as
 * expected.
 */
export function securable(socket: Socket): Securable | undefined {
  if (!(socket instanceof TLSSocket)) return undefined;
  const self = socket as unknown as InnerTlsSocket;
  known ??= findTlsInternals(socket);
  const listeners = listenersOf(socket);
  if (!known || !listeners || METHODS.some((name) => self[name] !== Reflect.get(TLSSocket.prototype, name))) return undefined;
  const options = self[known.connectOptions] as ConnectOptions | undefined;
  if (!options || self._tlsOptions.pipe || !self._tlsOptions.secureContext) return undefined;
  if (self._handle?.[known.owner] !== socket || self[known.handle] !== self._handle) return undefined;
  return { socket, self, internals: known, listeners, options };
}

/** Node's internals, as a socket of `tls.connect` that is connecting shows them; `undefined` where one of them is missing. */
export function findTlsInternals(socket: TLSSocket): TlsInternals | undefined {
  const self = socket as unknown as InnerTlsSocket;
  const named = (name: string, object: object | null) =>
    Object.getOwnPropertySymbols(object ?? {}).find(({ description }) => description === name);
  const handle = handleOf(socket) as TlsHandle | null;
  const [owner, own] = [named('owner_symbol', handle), named('res', socket)];
  const [connectOptions, pendingSession] = [named('connect-options', socket), named('pendingSession', socket)];
  if (!handle || !owner || !own || !connectOptions || !pendingSession) return undefined;
  const methods = [...METHODS.map((name) => self[name]), handle.start, handle.readStart, handle.requestOCSP];
  if (methods.some((method) => typeof method !== 'function')) return undefined;
  if (typeof handle.onhandshakedone !== 'function' || typeof handle.onread !== 'function') return undefined;
  return { owner, handle: own, connectOptions, pendingSession };
}

function listenersOf(socket: TLSSocket): TlsListeners | undefined {
  const named = (event: string, name: string) => socket.listeners(event).find((listener) => listener.name === name);
  const secured = named('secure', 'onConnectSecure');
  const ended = named('end', 'onConnectEnd');
  return secured && ended && ({ secured, ended } as TlsListeners);
}
