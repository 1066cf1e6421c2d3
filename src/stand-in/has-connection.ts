import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { handleOf } from './handle.js';

/** A socket that was made of a handle, or of another socket, or that has connected already. */
export function hasConnection(socket: Socket): boolean {
  const { _parent } = socket as { _parent?: object | null };
  return socket instanceof TLSSocket ? Boolean(_parent) : Boolean(handleOf(socket)) && !socket.destroyed;
}
