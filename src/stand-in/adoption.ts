import { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { HandleCalls } from './handle-calls.js';
import { handleOf, isUnreferenced, passOn, type Handle, type HandleClasses, type Request } from './handle.js';
import type { Handshake } from './handshake.js';
import type { Securable } from './tls-internals.js';

/**
 * What adoption needs of Node that is not public: names that are looked up once, so that a Node without one of them is known
 * before anything depends on it. Each has a spec of its own.
 */
interface Internals {
  /** Gives a socket another handle; Node's own fallback uses it between attempts. */
  readonly reinitializeHandle: symbol;
  readonly noDelay: symbol;
  readonly keepAlive: symbol;
  readonly keepAliveInitialDelay: symbol;
  /** The caller's buffer to read into, and what makes the next: of the `onread` option. */
  readonly buffer: symbol;
  readonly nextBuffer: symbol;
  /** From Node 24 on. */
  readonly typeOfService?: symbol;
  /** From Node 26 on. */
  readonly keepAliveInterval?: symbol;
  /** From Node 26 on. */
  readonly keepAliveCount?: symbol;
}

/** A socket as Node sees it. */
interface InnerSocket {
  _handle: Handle | null;
  _sockname: unknown;
  _peername: unknown;
  connecting: boolean;
  /** Of a `tls.TLSSocket`. */
  ssl?: unknown;
  _undestroy?: () => void;
  _unrefTimer: () => void;
  [internal: symbol]: unknown;
}

const inner = (socket: Socket) => socket as unknown as InnerSocket;

/** Node's internals, or undefined where one of them is missing. */
export const internals: Internals | undefined = findInternals(new Socket());

/** @param socket any one, of which nothing is used but its inside */
export function findInternals(socket: Socket): Internals | undefined {
  const symbols = [socket, Socket.prototype].flatMap((owner) => Object.getOwnPropertySymbols(owner));
  const named = (name: string) => symbols.find(({ description }) => description === name);
  const reinitializeHandle = named('kReinitializeHandle');
  const [noDelay, keepAlive, keepAliveInitialDelay] = [
    named('kSetNoDelay'),
    named('kSetKeepAlive'),
    named('kSetKeepAliveInitialDelay'),
  ];
  const [buffer, nextBuffer] = [named('kBuffer'), named('kBufferGen')];
  const [typeOfService, keepAliveInterval, keepAliveCount] = [
    named('kSetTOS'),
    named('kSetKeepAliveInterval'),
    named('kSetKeepAliveCount'),
  ];
  const { _handle, _undestroy, _unrefTimer } = inner(socket);
  if (!reinitializeHandle || !noDelay || !keepAlive || !keepAliveInitialDelay || !buffer || !nextBuffer) return undefined;
  // That of a TLS socket puts TLS on top of the handle.
  if (!Object.hasOwn(TLSSocket.prototype, reinitializeHandle)) return undefined;
  if (_handle !== null || typeof _undestroy !== 'function' || typeof _unrefTimer !== 'function') return undefined;
  return {
    reinitializeHandle,
    noDelay,
    keepAlive,
    keepAliveInitialDelay,
    buffer,
    nextBuffer,
    ...(typeOfService && { typeOfService }),
    ...(keepAliveInterval && keepAliveCount && { keepAliveInterval, keepAliveCount }),
  };
}

/**
 * Whether a connection of another can be given to a socket that is connecting: Node's inside has to be as expected, and TLS must
 * not have been put on top of the socket in the meantime, which holds the handle with which it waits.
 */
export function canAdopt(socket: Socket): boolean {
  if (!internals || hasLostTls(socket)) return false;
  return Object.getOwnPropertyDescriptor(inner(socket)._handle ?? {}, 'reading')?.get === undefined;
}

/**
 * Whether a `tls.TLSSocket` was destroyed before it was told to connect, as by a signal that was aborted already. Connecting has
 * brought it back to life, but its TLS ends: that of another handle would be ended in the middle of its handshake.
 */
function hasLostTls(socket: Socket): boolean {
  const self = inner(socket);
  if (self.ssl === undefined) return false;
  const tlsWrap = Object.getOwnPropertySymbols(socket).find(({ description }) => description === 'res');
  return self.ssl !== self._handle || (tlsWrap !== undefined && self[tlsWrap] === null);
}

/**
 * Gives the connection of one socket to another that is connecting, which then is as connected as if it had been itself: it
 * emits `connect` and `ready`, and what was written to it meanwhile goes out.
 *
 * To be called in the very turn in which `winner` has connected, and `winner` must have been paused before it connected, so
 * that nothing has been read. Nothing is left of it.
 *
 * @param hello of a `tls.TLSSocket`: with what it wants to begin
 */
export function adopt(socket: Socket, winner: Socket, hello?: Hello): void {
  const handle = inner(winner)._handle!;
  inner(winner)._handle = null;
  winner.destroy();
  replaceHandle(socket, handle, hello);
  emitConnect(socket);
}

/**
 * Gives the connection of an attempt, with its TLS handshake, to the socket that it was made for, and lets it go through all that
 * has happened. A handshake that is not complete yet goes on as the socket's own.
 */
export function adoptSecure({ socket, self, internals: { handle: own } }: Securable, handshake: Handshake): void {
  const { handle } = handshake;
  const { _secureContext } = self._handle!;
  replace(socket, handle, Reflect.get(Socket.prototype, internals!.reinitializeHandle) as (handle: Handle) => void);
  handshake.giveBack();
  self.ssl = handle;
  self[own] = handle;
  handle._secureContext = _secureContext;
  handshake.whileConnecting(() => {
    emitConnect(socket);
  });
  handshake.conclude();
}

function emitConnect(socket: Socket): void {
  const self = inner(socket);
  self.connecting = false;
  self._sockname = null;
  self._peername = null;
  self._unrefTimer();
  socket.emit('connect');
  socket.emit('ready');
  if (!socket.isPaused()) socket.read(0);
}

/** With what a `tls.TLSSocket` begins: the session to resume, and what was said to its handle. */
export interface Hello {
  readonly session?: Buffer;
  readonly calls?: HandleCalls;
}

/** Gives a socket another handle, with all that was said to the one before, which is closed. */
export function replaceHandle(socket: Socket, handle: Handle, hello: Hello = {}): void {
  const self = inner(socket);
  replace(socket, handle, self[internals!.reinitializeHandle] as (handle: Handle) => void);
  if (self.ssl !== undefined) secureAgain(socket, hello);
}

function replace(socket: Socket, handle: Handle, reinitialize: (handle: Handle) => void): void {
  const self = inner(socket);
  const replaced = self._handle;
  const wasUnreferenced = isUnreferenced(socket);
  if (replaced?._secureContext) {
    // With a handle Node closes its secure context, of which the next one is made.
    replaced._secureContext = { context: replaced._secureContext.context };
    // Node would resume it: a session whose certificate may have been refused.
    replaced.getSession = () => undefined;
  }
  give(self, handle, reinitialize);
  applySettings(self, handle);
  if (wasUnreferenced) handle.unref?.();
  if (replaced) passOn(replaced, self._handle!);
}

function applySettings(self: InnerSocket, handle: Handle): void {
  const { noDelay, keepAlive, keepAliveInitialDelay, keepAliveInterval, keepAliveCount, typeOfService } = internals!;
  if (self[noDelay] === true) handle.setNoDelay?.(true);
  if (self[keepAlive] === true) {
    const details = keepAliveInterval && keepAliveCount ? [self[keepAliveInterval], self[keepAliveCount]] : [];
    handle.setKeepAlive?.(true, Number(self[keepAliveInitialDelay]), ...details);
  }
  const service = typeOfService && self[typeOfService];
  if (service !== undefined) handle.setTypeOfService?.(service);
}

/**
 * In place of the handle with which it waited; without `_undestroy`, by which Node would forget an `end()` before `connect`, and
 * without another buffer of the caller's: that for the first handle has not been used.
 */
function give(self: InnerSocket, handle: Handle, reinitialize: (handle: Handle) => void): void {
  const { buffer, nextBuffer } = internals!;
  const makeBuffer = self[nextBuffer];
  self._undestroy = () => undefined;
  if (self[buffer] instanceof Uint8Array) self[nextBuffer] = null;
  reinitialize.call(self, handle);
  self[nextBuffer] = makeBuffer;
  delete self._undestroy;
}

/** What Node loses of TLS with the handle: the session to resume, and those who wait for the next. */
function secureAgain(socket: Socket, { session, calls }: Hello): void {
  const self = inner(socket);
  self.ssl = self._handle;
  if (session) (socket as Socket & { setSession: (session: Buffer) => void }).setSession(session);
  if (self._handle) calls?.repeat(self._handle);
  if (socket.listenerCount('session') > 0) self._handle?.enableSessionCallbacks?.();
}

/** Node's class of connections under way, once it is known. */
let requestClass: HandleClasses['Request'] | undefined;

/** Takes the class of connections under way from the first that is seen. */
export function learnRequestClass(request: Request): void {
  requestClass ??= request.constructor as HandleClasses['Request'];
}

/** The classes of a socket's handle, and of its connections; undefined where Node's internals are not as expected. */
export function handleClasses(socket: Socket | undefined): HandleClasses | undefined {
  if (!internals) return undefined;
  try {
    const binding = requestClass && socket ? undefined : tcpBinding();
    const handle = socket && handleOf(socket);
    const Handle = handle ? ((handle._parent ?? handle).constructor as HandleClasses['Handle']) : binding!.TCP;
    return { Handle, Request: (requestClass ??= binding!.TCPConnectWrap) };
  } catch {
    return undefined;
  }
}

/** @throws where the process may not have it, as with `--permission` */
function tcpBinding() {
  const { binding } = process as unknown as { binding: (name: string) => object };
  return binding.call(process, 'tcp_wrap') as { TCP: HandleClasses['Handle']; TCPConnectWrap: HandleClasses['Request'] };
}
