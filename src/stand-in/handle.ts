import type { Socket } from 'node:net';
import { errnoOf } from './system-error.js';

/** A connection of Node's internals: what a `net.Socket` has in `_handle`. */
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
  /** Of TLS. */
  readonly enableSessionCallbacks?: () => void;
  /** Of TLS: the handle beneath. */
  readonly _parent?: Handle;
  /** Of TLS: closed with the handle where it is for this one alone. */
  _secureContext?: { readonly context: unknown };
  /** Of TLS. */
  getSession?: () => Buffer | undefined;
}

/** Begins to connect; returns 0 or a negative error number. */
export type Connect = (this: Handle, request: Request, address: string, port: number) => number;

/** A connection under way: Node's `TCPConnectWrap`. */
export interface Request {
  oncomplete: Complete;
  address: string;
  port: number;
}

/** Called once a connection is made, or has failed. */
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

/** Whether a socket that connects does not keep the process alive. */
export function isUnreferenced(socket: Socket): boolean {
  const handle = handleOf(socket);
  return (handle?._parent ?? handle)?.hasRef?.() === false;
}

/**
 * Puts a method in place of one of a handle.
 *
 * The method that was there before is put back by assignment: a handle of which a property was deleted is slow from then on.
 *
 * @returns puts back the method that was there before
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

/** Lets a handle say that it is connecting, as that of Node's next attempt would where a socket is told to connect once more. */
export function seemConnecting(handle: Handle): void {
  const connecting = () => errnoOf('EALREADY');
  for (const name of ['connect', 'connect6'] as const) replaceMethod(handle, name, () => connecting);
}

/** What a replaced handle passes on to the one in its place. */
const PASSED_ON = ['readStop', 'ref', 'unref', 'hasRef'] as const;

/**
 * Lets a handle that was replaced, and is closed, stand for the one in its place: interceptors copy the handle of a socket when
 * the socket is made, and would read from the closed one.
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
