import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { handleOf } from './handle.js';

/** Whether a socket was created from a handle or another socket, or has connected already. */
export function hasConnection(socket: Socket): boolean {
  const { _parent } = socket as { _parent?: object | null };
  return socket instanceof TLSSocket ? Boolean(_parent) : Boolean(handleOf(socket)) && !socket.destroyed;
}
