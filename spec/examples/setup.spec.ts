import { once } from 'node:events';
import net, { type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import nodeTls from 'node:tls';
import { firstValueFrom, map, mergeMap, toArray, type Observable } from 'rxjs';
import { connect, connect$, ConnectionError, race$, staticResolver, type RaceEvent, type Setup } from 'rx-happy-eyeballs';
import { httpConnect, isProxyAuthError } from '../../examples/setup/http-connect.js';
import { readUntil } from '../../examples/setup/read-until.js';
import { isRedisAuthError, redisPing } from '../../examples/setup/redis-ping.js';
import { acceptsNoMail, smtpGreeting } from '../../examples/setup/smtp-greeting.js';
import { isSocksAuthError, socks5 } from '../../examples/setup/socks5.js';
import { createAuthority } from '../support/certificates.js';
import { activeResources, leftOver, listenerCounts, tcpServer, tlsServer, type Server } from '../support/fixtures.js';

const HOST = 'server.example';
const resolver = staticResolver({ [HOST]: ['::1', '127.0.0.1'] });

type Serve = (socket: Socket) => void;

/** What a server does to go wrong, and what it is then said to have done. */
interface Failing {
  readonly serve: Serve;
  readonly code: string;
  readonly message: RegExp;
}

interface Recipe {
  readonly setup: Setup<Socket, Socket>;
  readonly isTerminal: (error: Error) => boolean;
  /** Does the server's part, with more in the last packet, and then something else. */
  readonly works: (behind?: string, then?: Serve) => Serve;
  /** Begins, says no more, and then something else. */
  readonly stalls: (then?: Serve) => Serve;
  readonly refuses: Failing;
  readonly refusesAll: Failing;
  readonly isAnother: Failing;
}

const echo: Serve = (socket) => socket.pipe(socket);

/** A server's part in turns, of one that speaks when it is spoken to: an answer to each packet. */
function answering(answers: readonly (string | Buffer)[], then = echo): Serve {
  const [answer, ...others] = answers;
  return (socket) => {
    if (answer === undefined) return then(socket);
    socket.once('data', () => {
      socket.write(answer);
      answering(others, then)(socket);
    });
  };
}

/** The same of one that speaks first. */
function greeting(text: string, then = echo): Serve {
  return (socket) => {
    socket.write(text);
    then(socket);
  };
}

const NO_AUTH = Buffer.from([5, 0]);
const socksReply = (status: number) => Buffer.from([5, status, 0, 1, 127, 0, 0, 1, 0, 80]);

const recipes: Readonly<Record<string, Recipe>> = {
  smtpGreeting: {
    setup: (socket) => smtpGreeting(socket).pipe(map((greeted) => greeted.socket)),
    isTerminal: acceptsNoMail,
    works: (behind = '', then) => greeting(`220-mx.example ESMTP\r\n220-be kind\r\n220 ready\r\n${behind}`, then),
    stalls: (then) => greeting('220-mx.example ESMTP\r\n220-one moment', then),
    refuses: { serve: greeting('421 try again later\r\n'), code: 'ERR_SMTP_421', message: /421 try again later/ },
    refusesAll: { serve: greeting('521 no mail here\r\n'), code: 'ERR_SMTP_521', message: /521 no mail here/ },
    isAnother: { serve: greeting('SSH-2.0-OpenSSH_9.6\r\n'), code: 'ERR_SMTP', message: /no greeting: SSH-2\.0/ },
  },
  httpConnect: {
    setup: httpConnect('db.example', 5432),
    isTerminal: isProxyAuthError,
    works: (behind = '', then) => answering([`HTTP/1.1 200 Connection established\r\nVia: spec\r\n\r\n${behind}`], then),
    stalls: (then) => answering(['HTTP/1.1 200 Connection established\r\nVia: '], then),
    refuses: {
      serve: answering(['HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n']),
      code: 'ERR_PROXY_502',
      message: /the proxy answered 502 Bad Gateway/,
    },
    refusesAll: {
      serve: answering(['HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\n\r\n']),
      code: 'ERR_PROXY_407',
      message: /407 Proxy Authentication Required/,
    },
    isAnother: { serve: answering(['220 ready\r\n\r\n']), code: 'ERR_PROXY', message: /no answer of an HTTP proxy: 220 ready/ },
  },
  socks5: {
    setup: socks5('db.example', 5432),
    isTerminal: isSocksAuthError,
    works: (behind = '', then) => answering([NO_AUTH, Buffer.concat([socksReply(0), Buffer.from(behind)])], then),
    stalls: (then) => answering([NO_AUTH, socksReply(0).subarray(0, 4)], then),
    refuses: { serve: answering([NO_AUTH, socksReply(4)]), code: 'ERR_SOCKS5', message: /rejected.*HostUnreachable/ },
    refusesAll: { serve: answering([Buffer.from([5, 255])]), code: 'ERR_SOCKS5_AUTH', message: /no accepted authentication/ },
    isAnother: { serve: answering(['HTTP/1.1 400 Bad Request\r\n\r\n']), code: 'ERR_SOCKS5', message: /invalid socks version/ },
  },
  redisPing: {
    setup: redisPing,
    isTerminal: isRedisAuthError,
    works: (behind = '', then) => answering([`+PONG\r\n${behind}`], then),
    stalls: (then) => answering(['+PON'], then),
    refuses: { serve: answering(['-LOADING Redis is loading the dataset in memory\r\n']), code: 'LOADING', message: /LOADING/ },
    refusesAll: { serve: answering(['-NOAUTH Authentication required.\r\n']), code: 'NOAUTH', message: /NOAUTH/ },
    isAnother: {
      serve: answering(['HTTP/1.1 400 Bad Request\r\n\r\n']),
      code: 'ERR_REDIS',
      message: /no answer to PING: HTTP\/1\.1 400 Bad Request/,
    },
  },
};

/** Two servers at one port: the first address of the host is `::1`. */
async function serving(first: Serve, second: Serve): Promise<readonly [first: Server, second: Server]> {
  const one = await tcpServer('::1', 0, first);
  return [one, await tcpServer('127.0.0.1', one.port, second)];
}

/** All events of a race; the winner is closed. */
async function eventsOf(race: Observable<RaceEvent<Socket>>): Promise<readonly RaceEvent<Socket>[]> {
  const events = await firstValueFrom(race.pipe(toArray()));
  const last = events.at(-1)!;
  if (last.type === 'connected') last.value.destroy();
  return events;
}

/** The error of a race that has to be lost. */
async function errorOf(racing: Promise<Socket>): Promise<ConnectionError> {
  const outcome = await racing.catch((error: unknown) => error);
  if (outcome instanceof ConnectionError) return outcome;
  if (outcome instanceof net.Socket) outcome.destroy();
  throw new Error('there is a winner', { cause: outcome });
}

/** The next `count` bytes, by the simplest way to read: a listener. */
async function next(socket: Socket, length: number): Promise<string> {
  let text = '';
  return new Promise((resolve) => {
    const read = (chunk: Buffer) => {
      text += chunk.toString();
      if (text.length < length) return;
      socket.off('data', read);
      resolve(text);
    };
    socket.on('data', read);
  });
}

/** The other side of a connection, whose client has closed it. */
async function closed(socket: Socket | undefined): Promise<void> {
  if (socket && !socket.destroyed && !socket.readableEnded) await once(socket.resume(), 'end');
}

describe.each(Object.keys(recipes))('%s', (name) => {
  const { setup, isTerminal, works, stalls, refuses, refusesAll, isAnother } = recipes[name]!;

  it('[T3] skips an address that accepts and then stalls, whose connection is closed', async () => {
    const [first, second] = await serving(stalls(), works());
    const started = performance.now();
    const socket = await connect(HOST, second.port, { resolver, setup, isTerminal });
    expect(socket.remoteAddress).toBe('127.0.0.1');
    expect(performance.now() - started).toBeGreaterThanOrEqual(249);
    expect(first.accepted).toHaveLength(1);
    await closed(first.accepted[0]);
    socket.destroy();
  });

  it('[T3] goes on with the next address at once where the first refuses', async () => {
    const [first] = await serving(refuses.serve, works());
    const delays = { connectionAttemptDelay: 2000, maximumConnectionAttemptDelay: 2000 };
    const events = await eventsOf(race$(HOST, first.port, { resolver, setup, isTerminal, ...delays }));
    const failed = events.find(({ type }) => type === 'failed')!;
    expect(failed).toMatchObject({ endpoint: { address: '::1' }, error: { code: refuses.code } });
    expect(failed).not.toHaveProperty('terminal');
    expect(events.at(-1)).toMatchObject({ type: 'connected', endpoint: { address: '127.0.0.1' } });
    expect(events.at(-1)!.at - failed.at).toBeLessThan(1000);
    await closed(first.accepted[0]);
  });

  it('[T3] ends the race where the refusal is for all addresses: the next is never dialled', async () => {
    const [first, second] = await serving(refusesAll.serve, works());
    const error = await errorOf(connect(HOST, first.port, { resolver, setup, isTerminal }));
    expect(error).toMatchObject({ code: refusesAll.code, reason: 'attempts' });
    expect(error.message).toMatch(refusesAll.message);
    expect(error.attempts).toHaveLength(1);
    await sleep(300);
    expect(second.accepted).toHaveLength(0);
  });

  it('[T3] goes on even then where the caller does not call it terminal', async () => {
    const [first] = await serving(refusesAll.serve, works());
    const socket = await connect(HOST, first.port, { resolver, setup });
    expect(socket.remoteAddress).toBe('127.0.0.1');
    socket.destroy();
  });

  it('[T4] keeps what comes right behind in the same packet, and leaves no listener', async () => {
    const [first] = await serving(works('right behind'), works());
    const socket = await connect(HOST, first.port, { resolver, setup });
    const native = net.connect({ host: '127.0.0.1', port: first.port });
    await once(native, 'connect');
    expect(socket.remoteAddress).toBe('::1');
    expect(listenerCounts(socket)).toEqual(listenerCounts(native));
    expect(socket.readableFlowing).toBe(native.readableFlowing);
    native.destroy();

    await sleep(50); // nothing listens yet
    expect(await next(socket, 'right behind'.length)).toBe('right behind');
    socket.write('and back');
    expect(await next(socket, 'and back'.length)).toBe('and back');
    socket.destroy();
  });

  it('[T4] keeps what comes right behind for who iterates, with the end of it all', async () => {
    const [first] = await serving(
      works('right behind', (socket) => socket.end()),
      works(),
    );
    const socket = await connect(HOST, first.port, { resolver, setup });
    await sleep(50); // nothing listens yet
    const chunks: Buffer[] = await socket.toArray();
    expect(Buffer.concat(chunks).toString()).toBe('right behind');
  });

  it('[T4] keeps what comes right behind for a subscriber who listens at once, and is alone on the socket', async () => {
    const [first] = await serving(works('right behind'), works());
    const seen = connect$(HOST, first.port, { resolver, setup }).pipe(
      mergeMap(async (socket) => {
        const listeners = listenerCounts(socket);
        const behind = await next(socket, 'right behind'.length);
        socket.destroy();
        return { listeners, behind };
      }),
    );
    expect(await firstValueFrom(seen)).toEqual({ listeners: listenerCounts(new net.Socket()), behind: 'right behind' });
  });

  it.each([
    ['refuses', refuses],
    ['is another kind of server', isAnother],
  ] as const)('says in plain words that every address %s', async (_what, { serve, code, message }) => {
    const [first] = await serving(serve, serve);
    const error = await errorOf(connect(HOST, first.port, { resolver, setup, isTerminal }));
    expect(error).toMatchObject({ code, reason: 'attempts', cause: { code } });
    expect(error.attempts.map((attempt) => attempt.code)).toEqual([code, code]);
    expect(error.message).toMatch(message);
  });

  it.each([false, true])('fails where the server hangs up in the middle (half open: %j)', async (allowHalfOpen) => {
    const { port } = await tcpServer(
      '127.0.0.1',
      0,
      stalls((socket) => socket.end()),
    );
    const error = await errorOf(connect('127.0.0.1', port, { setup, tcp: { allowHalfOpen } }));
    expect(error).toMatchObject({ reason: 'attempts', cause: { message: expect.stringContaining('hung up') } });
  });

  it('destroys the socket and listens no longer when it is unsubscribed in the middle', async () => {
    const before = activeResources();
    const { accepted, port, close } = await tcpServer('127.0.0.1', 0, stalls());
    const socket = new net.Socket();
    const closing = once(socket, 'close');
    const seen: string[] = [];
    await new Promise<void>((resolve) => {
      const subscription = race$('127.0.0.1', port, { setup, socketFactory: () => socket }).subscribe(({ type }) => {
        seen.push(type);
        if (type !== 'progressed') return;
        setTimeout(() => {
          subscription.unsubscribe();
          resolve();
        }, 50);
      });
    });
    expect(socket.bytesRead).toBeGreaterThan(0);
    expect(socket.destroyed).toBe(true);
    await closing;
    expect([socket.listenerCount('data'), socket.listenerCount('readable')]).toEqual([0, 0]);
    expect(seen.at(-1)).toBe('progressed');
    await closed(accepted[0]);
    await close();
    expect(await leftOver(before)).toEqual({});
  });
});

describe('smtpGreeting', () => {
  it('takes a greeting of several lines that comes in pieces, and hands it over', async () => {
    const lines = '220-mx.example ESMTP\r\n220-\r\n220 ready\r\n';
    const { port } = await tcpServer('127.0.0.1', 0, (socket) => {
      socket.setNoDelay();
      void (async () => {
        for (const character of `${lines}behind`) {
          socket.write(character);
          await sleep(1);
        }
      })();
    });
    const { socket, greeting } = await connect('127.0.0.1', port, { setup: smtpGreeting });
    expect(greeting).toBe(lines.trimEnd());
    expect(await next(socket, 6)).toBe('behind');
    socket.destroy();
  });

  it.each(['220', '220 mx', '220-one\r\n220'])('takes %j', async (lines) => {
    const { port } = await tcpServer('127.0.0.1', 0, greeting(`${lines}\r\n`));
    const { socket, greeting: taken } = await connect('127.0.0.1', port, { setup: smtpGreeting });
    expect(taken).toBe(lines);
    socket.destroy();
  });

  it.each(['554-no\r\n554 thanks', '2200', '22'])('refuses %j', async (lines) => {
    const { port } = await tcpServer('127.0.0.1', 0, greeting(`${lines}\r\n`));
    const racing = connect('127.0.0.1', port, { setup: smtpGreeting });
    await expect(racing).rejects.toMatchObject({ code: expect.stringMatching(/^ERR_SMTP/) });
  });

  it('[T3] follows a TLS handshake as well', async () => {
    const authority = await createAuthority();
    const credentials = await authority.issue([HOST]);
    const first = await tlsServer('::1', 0, credentials, greeting('421 try again later\r\n'));
    const { port } = await tlsServer('127.0.0.1', first.port, credentials, greeting('220 ready\r\nbehind'));
    const tls = { ca: authority.ca };
    const { socket } = await connect(HOST, port, { resolver, tls, setup: smtpGreeting });
    expect(socket).toBeInstanceOf(nodeTls.TLSSocket);
    expect(socket.remoteAddress).toBe('127.0.0.1');
    expect(await next(socket, 6)).toBe('behind');
    socket.destroy();
  });
});

describe('httpConnect', () => {
  it.each([
    ['db.example', 'db.example:5432'],
    ['2001:db8::1', '[2001:db8::1]:5432'],
  ])('asks for %s', async (host, authority) => {
    const requests: string[] = [];
    const { port } = await tcpServer('127.0.0.1', 0, (socket) => {
      socket.once('data', (request) => {
        requests.push(request.toString());
        socket.write('HTTP/1.0 200\r\n\r\n');
      });
    });
    const socket = await connect('127.0.0.1', port, { setup: httpConnect(host, 5432, { 'Proxy-Authorization': 'Basic eDp5' }) });
    expect(requests).toEqual([`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\nProxy-Authorization: Basic eDp5\r\n\r\n`]);
    socket.destroy();
  });

  it('refuses a host that says more than a name', () => {
    expect(() => httpConnect('x:1 HTTP/1.1\r\nX-Evil: 1\r\n\r\n', 80)).toThrow(TypeError);
  });

  it('opens a tunnel that TLS goes through', async () => {
    const authority = await createAuthority();
    const target = await tlsServer('127.0.0.1', 0, await authority.issue(['db.example']), (socket) => socket.end('welcome'));
    const proxy = await tcpServer('127.0.0.1', 0, (client) => {
      client.once('data', () => {
        const upstream = net.connect({ host: '127.0.0.1', port: target.port });
        client.write('HTTP/1.1 200 OK\r\n\r\n');
        client.pipe(upstream.on('error', () => client.destroy())).pipe(client);
      });
    });
    const tunnel = await connect('127.0.0.1', proxy.port, { setup: httpConnect('db.example', 5432) });
    const secure = nodeTls.connect({ socket: tunnel, servername: 'db.example', ca: authority.ca });
    const chunks: Buffer[] = await secure.toArray();
    expect(secure.authorized).toBe(true);
    expect(Buffer.concat(chunks).toString()).toBe('welcome');
  });
});

/** The address and port of a SOCKS5 request, whose address is a name. */
function requested(request: Buffer): string {
  return `${request.subarray(5, 5 + request[4]!).toString()}:${request.readUInt16BE(5 + request[4]!)}`;
}

/** A SOCKS5 proxy that reaches one target by whatever name. */
async function socksServer(target: number, requests: string[]): Promise<Server> {
  return tcpServer('127.0.0.1', 0, (client) => {
    client.once('data', () => {
      client.write(Buffer.from([5, 0]));
      client.once('data', (request) => {
        requests.push(requested(request));
        const upstream = net.connect({ host: '127.0.0.1', port: target }).on('error', () => client.destroy());
        upstream.once('connect', () => {
          client.write(socksReply(0));
          client.pipe(upstream).pipe(client);
        });
      });
    });
  });
}

describe('socks5', () => {
  it('[T4] reaches a target through the proxy, and loses nothing of what it sends first', async () => {
    const target = await tcpServer('127.0.0.1', 0, greeting('welcome'));
    const requests: string[] = [];
    const { port } = await socksServer(target.port, requests);
    const socket = await connect('127.0.0.1', port, { setup: socks5('db.example', 5432) });
    expect(requests).toEqual(['db.example:5432']);
    await sleep(50); // nothing listens yet
    expect(await next(socket, 7)).toBe('welcome');
    socket.write('and back');
    expect(await next(socket, 8)).toBe('and back');
    socket.destroy();
  });

  it('shows credentials to the proxy, and not in its error', async () => {
    const packets: Buffer[] = [];
    const { port } = await tcpServer('127.0.0.1', 0, (socket) => {
      socket.on('data', (packet) => {
        packets.push(packet);
        socket.write(packets.length === 1 ? Buffer.from([5, 2]) : Buffer.from([1, 1]));
      });
    });
    const setup = socks5('db.example', 5432, { userId: 'me', password: 'secret' });
    const error = await errorOf(connect('127.0.0.1', port, { setup, isTerminal: isSocksAuthError }));
    expect(error).toMatchObject({ code: 'ERR_SOCKS5_AUTH', message: expect.stringContaining('Socks5 Authentication failed') });
    expect(packets[1]?.toString('latin1')).toBe('\x01\x02me\x06secret');
    expect(error.cause).not.toHaveProperty('options');
  });
});

describe('redisPing', () => {
  it.each([
    ['MASTERDOWN', "-MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.", 2],
    ['WRONGPASS', '-WRONGPASS invalid username-password pair', 1],
    ['ERR', '-ERR max number of clients reached', 2],
  ])('fails with %s, as the server says', async (code, reply, attempts) => {
    const [first] = await serving(answering([`${reply}\r\n`]), answering([`${reply}\r\n`]));
    const error = await errorOf(connect(HOST, first.port, { resolver, setup: redisPing, isTerminal: isRedisAuthError }));
    expect(error).toMatchObject({ code, cause: { message: reply.slice(1) } });
    expect(error.attempts).toHaveLength(attempts);
  });
});

describe('readUntil', () => {
  it('reads no more than its limit', async () => {
    const { port } = await tcpServer('127.0.0.1', 0, (socket) => socket.write('x'.repeat(100_000)));
    const setup = (socket: Socket) => readUntil(socket, /\n/, 1000);
    const error = await errorOf(connect<unknown, Socket>('127.0.0.1', port, { setup }) as Promise<Socket>);
    expect(error).toMatchObject({ code: 'ERR_TOO_LONG', message: expect.stringContaining('no end after 1000 bytes') });
  });

  it('notices that a server has hung up where the connection stays half open', async () => {
    const { port } = await tcpServer('127.0.0.1', 0, (socket) => socket.end('220-'));
    const racing = connect('127.0.0.1', port, { tcp: { allowHalfOpen: true }, setup: smtpGreeting });
    await expect(racing).rejects.toMatchObject({ code: 'ECONNRESET', cause: { message: 'the server hung up after 4 bytes' } });
  });

  it('can be used several times in a row, and listens no longer when it emits', async () => {
    const { port } = await tcpServer('127.0.0.1', 0, (socket) => socket.write('one\ntwo\nthree\nfour'));
    const socket = await connect('127.0.0.1', port);
    const before = listenerCounts(socket);
    const line = () => firstValueFrom(readUntil(socket, /\n/).pipe(map((text) => [text, listenerCounts(socket)])));
    expect(await line()).toEqual(['one\n', before]);
    expect(await line()).toEqual(['two\n', before]);
    expect(await line()).toEqual(['three\n', before]);
    expect(await next(socket, 4)).toBe('four');
    socket.destroy();
  });
});
