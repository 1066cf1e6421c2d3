import { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { HandleCalls } from './handle-calls.js';
import { handleOf, isUnreferenced, passOn, type Handle, type HandleClasses, type Request } from './handle.js';
import type { Handshake } from './handshake.js';
import type { Securable, TlsHandle } from './tls-internals.js';

/**
 * Node's internals that adoption needs. They are looked up once, so that a Node without one of them is detected before anything
 * depends on it. Each has a spec of its own.
 */
interface Internals {
  /** Gives a socket another handle. Node's own fallback uses it between attempts. */
  readonly reinitializeHandle: symbol;
  readonly noDelay: symbol;
  readonly keepAlive: symbol;
  readonly keepAliveInitialDelay: symbol;
  /** The buffer of the `onread` option, and the function that creates the next. */
  readonly buffer: symbol;
  readonly nextBuffer: symbol;
  /** From Node 24 on. */
  readonly typeOfService?: symbol;
  /** From Node 26 on. */
  readonly keepAliveInterval?: symbol;
  /** From Node 26 on. */
  readonly keepAliveCount?: symbol;
}

/** The internals of a socket. */
interface InnerSocket {
  _handle: Handle | null;
  _sockname: unknown;
  _peername: unknown;
  connecting: boolean;
  /** Present in a `tls.TLSSocket`. */
  ssl?: unknown;
  _undestroy?: () => void;
  _unrefTimer: () => void;
  [internal: symbol]: unknown;
}

const inner = (socket: Socket) => socket as unknown as InnerSocket;

/** Node's internals; `undefined` if one of them is missing. */
export const internals: Internals | undefined = findInternals(new Socket());

/** @param socket any socket, used to inspect its internals only */
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
  // A TLS socket's own version puts TLS on top of the handle.
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
 * Whether a connecting socket can adopt another socket's connection. Node's internals must be as expected, and TLS must not have
 * been put on top of the socket meanwhile, because that would hold the present handle.
 */
export function canAdopt(socket: Socket): boolean {
  if (!internals || hasLostTls(socket)) return false;
  return Object.getOwnPropertyDescriptor(inner(socket)._handle ?? {}, 'reading')?.get === undefined;
}

/**
 * Whether a `tls.TLSSocket` was destroyed before it was told to connect, for example by an aborted signal. Connecting has revived
 * it, but its TLS still ends, and would end another handle's TLS in the middle of the handshake.
 */
function hasLostTls(socket: Socket): boolean {
  const self = inner(socket);
  if (self.ssl === undefined) return false;
  const tlsWrap = Object.getOwnPropertySymbols(socket).filter(({ description }) => description === 'res');
  return self.ssl !== self._handle || tlsWrap.some((symbol) => self[symbol] === null);
}

/**
 * Gives one socket's connection to another socket that is connecting. The latter then emits `connect` and `ready` as if it had
 * connected itself, and sends what was written to it meanwhile.
 *
 * Call it in the very turn in which `winner` connected. `winner` must have been paused before it connected, so that nothing has
 * been read. It is empty afterwards.
 *
 * @param hello what a `tls.TLSSocket` begins its handshake with
 */
export function adopt(socket: Socket, winner: Socket, hello?: Hello): void {
  const handle = inner(winner)._handle!;
  inner(winner)._handle = null;
  winner.destroy();
  replaceHandle(socket, handle, hello);
  emitConnect(socket);
}

/**
 * Gives an attempt's connection and TLS handshake to its socket, and replays to the socket what has happened. An incomplete
 * handshake goes on as the socket's own.
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

/** What a `tls.TLSSocket` begins its handshake with: the session to resume, and the calls made on its handle. */
export interface Hello {
  readonly session?: Buffer;
  readonly calls?: HandleCalls;
}

/** Gives a socket another handle, repeats on it the calls made on the previous one, and closes the latter. */
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
    // Node closes the secure context together with the handle, but the next handle is made of it.
    replaced._secureContext = { context: replaced._secureContext.context };
    // Otherwise Node would resume a session whose certificate may have been refused.
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
 * Replaces the present handle. Skips `_undestroy`, with which Node would forget an `end()` before `connect`, and does not request
 * another `onread` buffer, since the first has not been used.
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

/** Restores the TLS state that Node loses with the handle: the session to resume, and listeners for the next one. */
function secureAgain(socket: Socket, { session, calls }: Hello): void {
  const self = inner(socket);
  const handle = self._handle as TlsHandle;
  self.ssl = handle;
  if (session) (socket as Socket & { setSession: (session: Buffer) => void }).setSession(session);
  calls?.repeat(handle);
  if (socket.listenerCount('session') > 0) handle.enableSessionCallbacks();
}

/** Node's class of connection requests, once it is known. */
let requestClass: HandleClasses['Request'] | undefined;

/** Learns the class of connection requests from the first one. */
export function learnRequestClass(request: Request): void {
  requestClass ??= request.constructor as HandleClasses['Request'];
}

/** The classes of a socket's handle and connection requests; `undefined` if Node's internals are not as expected. */
export function handleClasses(socket: Socket | undefined): HandleClasses | undefined {
  if (!internals) return undefined;
  try {
    const handle = socket && handleOf(socket);
    const binding = requestClass && handle ? undefined : tcpBinding();
    const Handle = handle ? ((handle._parent ?? handle).constructor as HandleClasses['Handle']) : binding!.TCP;
    return { Handle, Request: (requestClass ??= binding!.TCPConnectWrap) };
  } catch {
    return undefined;
  }
}

/** @throws if the process may not use it, as with `--permission` */
function tcpBinding() {
  const { binding } = process as unknown as { binding: (name: string) => object };
  return binding.call(process, 'tcp_wrap') as { TCP: HandleClasses['Handle']; TCPConnectWrap: HandleClasses['Request'] };
}
