const { connect$ } = require('rx-happy-eyeballs');
const { fromEvent, map, mergeMap, finalize, retry, take, timeout } = require('rxjs');

/** Asks a server of lines for one value, as a stream, and once more if that fails. `options`: of the race. */
exports.read$ = (host, key, options) =>
  connect$(host, 4000, { connectTimeout: 2000, ...options }).pipe(
    mergeMap((socket) => {
      socket.write(`${key}\n`);
      return fromEvent(socket, 'data').pipe(
        take(1),
        map((line) => line.toString().trim()),
        timeout({ first: 1000, scheduler: options?.scheduler }),
        finalize(() => socket.on('error', () => undefined).destroy()),
      );
    }),
    retry({ count: 1 }),
  );
