import type { Socket } from 'node:net';
import { Observable } from 'rxjs';

/**
 * What a server sends first, up to the end of the first match of `end`; what came behind it is put back into the socket. Emits
 * once and completes. Its listeners are gone by then, and when it is unsubscribed: the socket is as it was when it connected.
 *
 * Errors when the server hangs up before that, or sends more than `limit` bytes. The socket's own errors and its closing are
 * the race's business, which watches a connection for as long as its `setup` runs.
 */
export function readUntil(socket: Socket, end: RegExp, limit = 8192): Observable<string> {
  return new Observable((subscriber) => {
    let received = Buffer.alloc(0);

    const read = () => {
      for (let chunk: unknown; (chunk = socket.read()) !== null;) received = Buffer.concat([received, chunk as Buffer]);
      const match = end.exec(received.toString('latin1', 0, limit)); // one character is one byte
      if (match) found(match.index + match[0].length);
      else if (received.length >= limit) subscriber.error(codedError('ERR_TOO_LONG', `no end after ${limit} bytes`));
    };
    const found = (length: number) => {
      stop();
      if (received.length > length) socket.unshift(received.subarray(length));
      subscriber.next(received.toString('utf8', 0, length));
      subscriber.complete();
    };
    const hungUp = () => {
      subscriber.error(codedError('ECONNRESET', `the server hung up after ${received.length} bytes`));
    };
    // With a `data` listener the socket would have to be paused in the end, and started again by its receiver.
    const stop = () => socket.off('readable', read).off('end', hungUp);

    subscriber.add(stop);
    socket.on('readable', read).on('end', hungUp);
  });
}

/** An error whose code says what the server answered; a code with `ERR_` in front has its message in the race's own. */
export function codedError(code: string, message: string): Error & { readonly code: string } {
  return Object.assign(new Error(message), { code });
}
