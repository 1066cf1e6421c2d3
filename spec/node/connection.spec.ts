import { once } from 'node:events';
import net, { type AddressInfo, type Server, type Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import tls from 'node:tls';
import {
  defer,
  fromEvent,
  map,
  of,
  repeat,
  retry,
  share,
  Subject,
  switchMap,
  take,
  takeUntil,
  toArray,
  lastValueFrom,
  type Observable,
} from 'rxjs';
import { connection$, createConnector, staticResolver, type ConnectionError } from '../../src/index.js';
import { createAuthority } from '../support/certificates.js';

/** What a stream of connections has said, in order. */
interface Story<T> {
  readonly said: (string | Error)[];
  readonly values: T[];
  readonly ended: Promise<void>;
  readonly stop: () => void;
}

function tell<T>(stream$: Observable<T>, then?: (value: T) => void): Story<T> {
  const said: (string | Error)[] = [];
  const values: T[] = [];
  let over: () => void;
  const ended = new Promise<void>((resolve) => (over = resolve));
  const subscription = stream$.subscribe({
    next: (value) => {
      said.push('connected');
      values.push(value);
      then?.(value);
    },
    error: (error: Error) => {
      said.push(error);
      over();
    },
    complete: () => {
      said.push('completed');
      over();
    },
  });
  return {
    said,
    values,
    ended,
    stop: () => {
      subscription.unsubscribe();
    },
  };
}

const servers: (Server | tls.Server)[] = [];
async function listening(server: Server | tls.Server): Promise<number> {
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}
const serve = (onConnection: (socket: Socket) => void, options: net.ServerOpts = {}) =>
  listening(
    net.createServer(options, (socket) => {
      socket.on('error', () => undefined);
      onConnection(socket);
    }),
  );

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

const open = new Set<Socket>();
/** A server that keeps its connections, to see that they are ended. */
const keeping = () => serve((socket) => open.add(socket.on('close', () => open.delete(socket)).resume()));
const until = async (condition: () => boolean) => {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
};

describe('connection$', () => {
  it('is open until it is unsubscribed, and then destroyed', async () => {
    const port = await keeping();
    const { said, values, stop } = tell(connection$('127.0.0.1', port));
    await until(() => open.size === 1);
    expect(said).toEqual(['connected']);
    stop();
    expect(values[0]!.destroyed).toBe(true);
    await until(() => open.size === 0);
    expect(said).toEqual(['connected']);
    expect(values[0]!.listenerCount('error')).toBe(0);
  });

  it('completes when the connection has closed', async () => {
    const port = await serve((socket) => socket.end('bye'));
    const { said, values, ended } = tell(connection$('127.0.0.1', port), (socket) => socket.resume());
    await ended;
    expect(said).toEqual(['connected', 'completed']);
    expect(values[0]!.listenerCount('close')).toBe(0);
    expect(values[0]!.listenerCount('error')).toBe(0);
  });

  it('completes when the caller destroys the socket, and errors with the error that it is destroyed with', async () => {
    const port = await keeping();
    const destroyed = tell(connection$('127.0.0.1', port), (socket) => socket.destroy());
    await destroyed.ended;
    expect(destroyed.said).toEqual(['connected', 'completed']);
    const mine = new Error('mine');
    const failed = tell(connection$('127.0.0.1', port), (socket) => socket.destroy(mine));
    await failed.ended;
    expect(failed.said).toEqual(['connected', mine]);
  });

  it('errors with the error of the socket, which needs no other listener', async () => {
    const port = await serve((socket) => socket.once('data', () => socket.resetAndDestroy()));
    const { said, ended } = tell(connection$('127.0.0.1', port), (socket) => socket.write('?'));
    await ended;
    expect(said).toEqual(['connected', expect.objectContaining({ code: 'ECONNRESET' })]);
  });

  it('misses no reset that arrives while the socket is handed over', async () => {
    const port = await serve((socket) => socket.resetAndDestroy());
    for (let i = 0; i < 20; i++) {
      const { said, ended } = tell(connection$('127.0.0.1', port), (socket) => socket.resume());
      await ended;
      expect(said.at(-1)).toMatchObject({ code: 'ECONNRESET' });
    }
  });

  it('errors as connect$ does where there is no winner', async () => {
    const { said, ended } = tell(connection$('nowhere.example', 1, { resolver: staticResolver([]) }));
    await ended;
    expect(said).toEqual([expect.objectContaining({ name: 'ConnectionError' } satisfies Partial<ConnectionError>)]);
  });

  it('goes on when one direction has ended, where the socket may be half open', async () => {
    let server: Socket | undefined;
    const port = await serve((socket) => (server = socket.resume()).end('last word'), { allowHalfOpen: true });
    const { said, values, ended } = tell(connection$('127.0.0.1', port, { tcp: { allowHalfOpen: true } }), (socket) =>
      socket.resume(),
    );
    await until(() => values[0]?.readableEnded === true);
    const heard = once(server!, 'end');
    values[0]!.write('and still');
    expect(said).toEqual(['connected']);
    values[0]!.end();
    await Promise.all([heard, ended]);
    expect(said).toEqual(['connected', 'completed']);
  });

  it('ends with TLS as with TCP', async () => {
    const authority = await createAuthority();
    const { ca } = authority;
    const server = tls.createServer(await authority.issue(['127.0.0.1']), (socket) =>
      socket.on('error', () => undefined).end('bye'),
    );
    const port = await listening(server);
    const { said, ended } = tell(connection$('127.0.0.1', port, { tls: { ca } }), (socket) => socket.resume());
    await ended;
    expect(said).toEqual(['connected', 'completed']);
  });

  it('does not end with the signal of its race', async () => {
    const port = await keeping();
    const controller = new AbortController();
    const { said, values, stop } = tell(connection$('127.0.0.1', port, { signal: controller.signal }));
    await until(() => said.length > 0);
    controller.abort();
    expect(values[0]!.destroyed).toBe(false);
    stop();
  });

  describe('with a setup', () => {
    it('watches and destroys the connection that was set up, whatever was made of it', async () => {
      const port = await keeping();
      const setup = (socket: Socket) => of({ session: 5, socket });
      const { said, values, stop } = tell(connection$('127.0.0.1', port, { setup }));
      await until(() => said.length > 0);
      stop();
      expect(values[0]!.socket.destroyed).toBe(true);
      const closed = tell(connection$('127.0.0.1', port, { setup }), ({ socket }) => socket.destroy());
      await closed.ended;
      expect(closed.said).toEqual(['connected', 'completed']);
    });

    it('destroys what was made of it as well, and errors with its error', async () => {
      const port = await keeping();
      const setup = (socket: Socket) => of({ socket, stream: new PassThrough() }).pipe(map(({ stream }) => stream));
      const first = tell(connection$('127.0.0.1', port, { setup }));
      await until(() => first.said.length > 0);
      first.stop();
      expect(first.values[0]!.destroyed).toBe(true);
      await until(() => open.size === 0);

      const broken = new Error('broken');
      const second = tell(connection$('127.0.0.1', port, { setup }), (stream) => stream.destroy(broken));
      await second.ended;
      expect(second.said).toEqual(['connected', broken]);
      await until(() => open.size === 0);
    });
  });

  it('is destroyed once where its value has no events', () => {
    const destroy = jest.fn();
    const { said, stop } = tell(
      connection$('h.example', 1, { resolver: staticResolver(['::1']), transport: () => of({ destroy }) }),
    );
    expect(said).toEqual(['connected']);
    stop();
    expect(destroy).toHaveBeenCalledTimes(1);
  });
});

/** What a socket says until it has closed: `fromEvent` alone would never end. */
const dataOf = (socket: Socket) => fromEvent(socket, 'data').pipe(takeUntil(fromEvent(socket, 'close')));

describe('what operators say of connection$', () => {
  it('retry connects again after an error', async () => {
    let connections = 0;
    const port = await serve((socket) => {
      if (++connections < 3) socket.once('data', () => socket.resetAndDestroy());
      else socket.end('third');
    });
    const text$ = connection$('127.0.0.1', port).pipe(
      switchMap((socket) => {
        socket.write('?');
        return dataOf(socket);
      }),
      map(String),
      retry(),
    );
    await expect(lastValueFrom(text$)).resolves.toBe('third');
    expect(connections).toBe(3);
  });

  it('repeat connects again after an end', async () => {
    let connections = 0;
    const port = await serve((socket) => socket.end(String(++connections)));
    const text$ = connection$('127.0.0.1', port).pipe(switchMap(dataOf), map(String), repeat(), take(3), toArray());
    await expect(lastValueFrom(text$)).resolves.toEqual(['1', '2', '3']);
  });

  it('switchMap destroys the old connection before the new race begins', async () => {
    const port = await keeping();
    const asked = new Subject<void>();
    const sockets: Socket[] = [];
    const { stop, said } = tell(
      asked.pipe(
        switchMap(() =>
          defer(() => {
            expect(sockets.every(({ destroyed }) => destroyed)).toBe(true);
            return connection$('127.0.0.1', port);
          }),
        ),
      ),
      (socket) => sockets.push(socket),
    );
    for (const count of [1, 2, 3]) {
      asked.next();
      await until(() => said.length === count);
    }
    stop();
    expect(sockets.map(({ destroyed }) => destroyed)).toEqual([true, true, true]);
    await until(() => open.size === 0);
  });

  it('share keeps one connection until its last subscriber leaves', async () => {
    const port = await keeping();
    const shared$ = connection$('127.0.0.1', port).pipe(share());
    const [first, second] = [tell(shared$), tell(shared$)];
    await until(() => second.said.length > 0);
    expect(second.values[0]).toBe(first.values[0]);
    first.stop();
    expect(second.values[0]!.destroyed).toBe(false);
    second.stop();
    expect(second.values[0]!.destroyed).toBe(true);
    await until(() => open.size === 0);
  });

  it('a connector has it too, and its place in the queue is that of the race alone', async () => {
    const port = await keeping();
    const connector = createConnector({ maxConcurrentRaces: 1 });
    const stories = [1, 2, 3].map(() => tell(connector.connection$('127.0.0.1', port)));
    await until(() => stories.every(({ said }) => said.length > 0));
    for (const { stop } of stories) stop();
    await until(() => open.size === 0);
  });
});
