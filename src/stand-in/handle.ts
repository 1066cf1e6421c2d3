import type { Socket } from 'node:net';
import { errnoOf } from './system-error.js';

/** A connection in Node's internals: the `_handle` of a `net.Socket`. */
export interface Handle {
  readonly connect: Connect;
  readonly connect6: Connect;
  readonly bind: (address: string, port: number) => number;
  readonly bind6: (address: string, port: number, flags: number) => number;
  readonly getsockname: (out: { address?: string; port?: number }) => number;
  readonly close: (closed?: () => void) => void;
  readonly hasRef?: () => boolean;
  readonly unref?: () => void;
  readonly setNoDelay?: (enable: boolean) => void;
  readonly setKeepAlive?: (enable: boolean, seconds: number, interval?: unknown, count?: unknown) => void;
  readonly setTypeOfService?: (value: unknown) => void;
  /** In TLS handles: the underlying handle. */
  readonly _parent?: Handle;
  /** In TLS handles: closed with the handle if it belongs to this handle only. */
  _secureContext?: { readonly context: unknown };
  /** In TLS handles. */
  getSession?: () => Buffer | undefined;
}

/** Starts connecting. Returns 0 or a negative error number. */
export type Connect = (this: Handle, request: Request, address: string, port: number) => number;

/** A connection request: Node's `TCPConnectWrap`. */
export interface Request {
  oncomplete: Complete;
  address: string;
  port: number;
}

/** Called once a connection has succeeded or failed. */
export type Complete = (status: number, handle: Handle, request: Request, readable: boolean, writable: boolean) => void;

/** The classes of handles and requests. */
export interface HandleClasses {
  /** @param type 0: a socket, not a server */
  readonly Handle: new (type: 0) => Handle;
  readonly Request: new () => Request;
}

type Methods = { -readonly [Name in keyof Handle]: Handle[Name] };

/** The handle of a socket, if it has one. */
export function handleOf(socket: Socket): Handle | null | undefined {
  return (socket as { _handle?: Handle | null })._handle;
}

/** Whether a connecting socket is unreferenced and does not keep the process alive. */
export function isUnreferenced(socket: Socket): boolean {
  const handle = handleOf(socket);
  return (handle?._parent ?? handle)?.hasRef?.() === false;
}

/**
 * Replaces a method of a handle.
 *
 * The previous method is restored by assignment, since deleting a property makes a handle slow for good.
 *
 * @returns a function that restores the previous method
 */
export function replaceMethod<Name extends 'connect' | 'connect6' | 'close'>(
  handle: Handle,
  name: Name,
  make: (original: Handle[Name], restore: () => void) => Handle[Name],
): () => void {
  const methods = handle as Methods;
  const original = methods[name];
  const restore = () => {
    methods[name] = original;
  };
  methods[name] = make(original, restore);
  return restore;
}

/** Makes a handle report that it is connecting, as Node's would, if the socket is told to connect again. */
export function seemConnecting(handle: Handle): void {
  const connecting = () => errnoOf('EALREADY');
  for (const name of ['connect', 'connect6'] as const) replaceMethod(handle, name, () => connecting);
}

/** The methods that a replaced handle forwards to its replacement. */
const PASSED_ON = ['readStop', 'ref', 'unref', 'hasRef'] as const;

/**
 * Makes a replaced and closed handle forward to its replacement: interceptors copy a socket's handle when the socket is created,
 * and would read from the closed one.
 */
export function passOn(replaced: object, handle: object): void {
  const [from, to] = [replaced, handle] as [Methodical, Methodical];
  for (const name of PASSED_ON) from[name] = () => to[name]?.();
  from.close = (closed) => to.close!(closed);
  from.readStart = () => {
    if (to.reading === true) return 0;
    Object.assign(to, { reading: true });
    return to.readStart!();
  };
}

type Methodical = Record<string, ((...given: unknown[]) => unknown) | undefined> & { readonly reading?: unknown };
