import type { Socket } from 'node:net';
import { map, type Observable } from 'rxjs';
import { codedError, readUntil } from './read-until.js';

/**
 * A race for the first address of a Redis server that is ready to serve: one that still loads its data, or has lost its
 * master, accepts connections as well.
 *
 *     import { connect } from 'rx-happy-eyeballs';
 *
 *     const socket = await connect('redis.example', 6379, { setup: redisPing, isTerminal: isRedisAuthError });
 *
 * Errors with Redis' own code, as `LOADING` or `MASTERDOWN`, and with `ERR_REDIS` for what is not Redis.
 */
export function redisPing(socket: Socket): Observable<Socket> {
  socket.write('PING\r\n');
  return readUntil(socket, /\n/).pipe(
    map((line) => {
      const reply = line.trimEnd();
      if (reply === '+PONG') return socket;
      const [, message, code] = /^-((\S+).*)$/.exec(reply) ?? [];
      throw code === undefined ? codedError('ERR_REDIS', `no answer to PING: ${reply}`) : codedError(code, message!);
    }),
  );
}

const AUTH_ERRORS: readonly unknown[] = ['NOAUTH', 'NOPERM', 'WRONGPASS'];

/** A client that is refused at one address is refused at the others. */
export function isRedisAuthError(error: Error): boolean {
  return 'code' in error && AUTH_ERRORS.includes(error.code);
}
