import type { Socket } from 'node:net';
import type { Setup } from 'rx-happy-eyeballs';
import { catchError, fromEvent, map, Observable, race, switchMap } from 'rxjs';
import { SocksClient, type SocksProxy } from 'socks';
import { codedError } from './read-until.js';

/**
 * A race for the first address of a SOCKS5 proxy that reaches `host` and `port`; its socket is the tunnel. The proxy looks the
 * name up. Needs the package `socks`.
 *
 *     import { connect } from 'rx-happy-eyeballs';
 *
 *     const setup = socks5('db.example', 5432);
 *     const socket = await connect('proxy.example', 1080, { setup, isTerminal: isSocksAuthError });
 *
 * Errors with `ERR_SOCKS5`, or with `ERR_SOCKS5_AUTH` where it is about credentials.
 */
export function socks5(
  host: string,
  port: number,
  credentials: Pick<SocksProxy, 'userId' | 'password'> = {},
): Setup<Socket, Socket> {
  return (socket, endpoint) => {
    const proxy = { ...credentials, host: endpoint.address, port: endpoint.port, type: 5 } as const;
    const options = { command: 'connect', proxy, destination: { host, port }, existing_socket: socket } as const;
    // `socks` does not see it where the connection stays half open.
    const hungUp$ = fromEvent(socket, 'end').pipe(
      map(() => {
        throw new Error('the proxy hung up');
      }),
    );
    return race([SocksClient.createConnection(options), hungUp$]).pipe(
      switchMap(() => atRest(socket)),
      catchError((error: Error) => {
        // Not the error itself: it holds the credentials.
        throw codedError(/authentication/i.test(error.message) ? 'ERR_SOCKS5_AUTH' : 'ERR_SOCKS5', error.message);
      }),
    );
  };
}

/** There is no way in without other credentials, whatever the proxy's address. */
export function isSocksAuthError(error: Error): boolean {
  return 'code' in error && error.code === 'ERR_SOCKS5_AUTH';
}

/**
 * In the turn after its promise was kept, `socks` raises what came behind the proxy's reply as a `data` event, and sets the
 * socket flowing, whether anybody listens or not. This puts those bytes back and keeps the rest from flowing (as a `readable`
 * listener does), until that turn is over.
 */
function atRest(socket: Socket): Observable<Socket> {
  return new Observable((subscriber) => {
    const putBack = (bytes: Buffer) => {
      socket.unshift(bytes);
    };
    const notNow = () => undefined;
    const stop = () => socket.off('data', putBack).off('readable', notNow);
    const turn = setImmediate(() => {
      stop();
      subscriber.next(socket);
      subscriber.complete();
    });

    subscriber.add(() => clearImmediate(turn));
    subscriber.add(stop);
    socket.on('readable', notNow).on('data', putBack);
  });
}
