import type { Socket } from 'node:net';
import { TLSSocket, type ConnectionOptions, type PeerCertificate } from 'node:tls';
import { handleOf, type Handle } from './handle.js';

/** The handle of a `tls.TLSSocket`: Node's `TLSWrap`, on top of the TCP handle. */
export interface TlsHandle extends Handle {
  readonly _parent: Handle;
  _secureContext: { readonly context: unknown };
  reading: boolean;
  onread: unknown;
  onhandshakedone: () => void;
  /** Starts the handshake. Calling it twice aborts the process. */
  start: () => void;
  readonly readStart: () => number;
  readonly requestOCSP: () => void;
  readonly enableTrace: () => void;
  readonly enableKeylogCallback: () => void;
  readonly enableSessionCallbacks: () => void;
  [internal: symbol]: unknown;
}

/** The options that `tls.connect` keeps in its socket. */
export interface ConnectOptions extends ConnectionOptions {
  checkServerIdentity: (host: string, certificate: PeerCertificate) => Error | undefined;
}

/** The internals of a `tls.TLSSocket`. */
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
  /** Called once the handshake is complete. Emits `secure`, on which the certificate is verified. */
  readonly _finishInit: () => void;
  alpnProtocol: string | false | null;
  servername: unknown;
  authorized: boolean;
  authorizationError: unknown;
  [internal: symbol]: unknown;
}

/** Node's internals that a separate handshake needs. */
export interface TlsInternals {
  /** In a handle: its socket. */
  readonly owner: symbol;
  /** In a `tls.TLSSocket`: a second reference to its handle. */
  readonly handle: symbol;
  readonly connectOptions: symbol;
  /** In a `tls.TLSSocket`: a session that arrived before the certificate was verified. */
  readonly pendingSession: symbol;
}

/** The listeners that `tls.connect` adds to its socket. */
export interface TlsListeners {
  /** Verifies the certificate. */
  readonly secured: () => void;
  /** Fails with Node's error for a connection that was closed early. */
  readonly ended: () => void;
}

/** A `tls.TLSSocket` from `tls.connect` whose internals are as expected. */
export interface Securable {
  readonly socket: TLSSocket;
  readonly self: InnerTlsSocket;
  readonly internals: TlsInternals;
  readonly listeners: TlsListeners;
  readonly options: ConnectOptions;
}

const METHODS = ['_wrapHandle', '_init', '_finishInit'] as const;

/** Node's internals, once they are known. */
let known: TlsInternals | undefined;

/**
 * What a race past TCP needs of a socket; `undefined` if the socket is not from `tls.connect`, or Node's internals are not as
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

/** Finds Node's internals in a connecting socket from `tls.connect`. Returns `undefined` if one of them is missing. */
export function findTlsInternals(socket: TLSSocket): TlsInternals | undefined {
  const self = socket as unknown as InnerTlsSocket;
  const named = (name: string, object: object) =>
    Object.getOwnPropertySymbols(object).find(({ description }) => description === name);
  const handle = handleOf(socket) as TlsHandle | null | undefined;
  if (!handle) return undefined;
  const [owner, own] = [named('owner_symbol', handle), named('res', socket)];
  const [connectOptions, pendingSession] = [named('connect-options', socket), named('pendingSession', socket)];
  if (!owner || !own || !connectOptions || !pendingSession) return undefined;
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
