import { once } from 'node:events';
import type net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { staticResolver } from '../../src/index.js';
import { blackhole } from '../../src/cli/lab.js';
import { activeResources, leftOver, open, tcpServer } from '../support/fixtures.js';
import { client, exchange, received, startProxy, take } from '../support/proxy.js';

const HOST = 'upstream.example';
const resolver = staticResolver({ [HOST]: ['::1', '127.0.0.1'], 'nothing.example': [] });
const race = { resolver };

/** How a protocol asks for a tunnel, and what it is answered. */
interface Dialect {
  readonly ask: (host: string, port: number) => Buffer;
  /** Bytes of the answer that grants it. */
  readonly granted: (answer: string) => boolean;
  readonly length: (answer: string) => number;
}

const port16 = (port: number) => Buffer.from([port >> 8, port & 255]);

const dialects: Record<string, Dialect> = {
  CONNECT: {
    ask: (host, port) => Buffer.from(`CONNECT ${host}:${port} HTTP/1.1\r\nHost: ${host}:${port}\r\n\r\n`),
    granted: (answer) => answer.startsWith('HTTP/1.1 200 '),
    length: (answer) => answer.indexOf('\r\n\r\n') + 4,
  },
  'SOCKS 5': {
    ask: (host, port) => Buffer.concat([Buffer.from([5, 1, 0, 5, 1, 0, 3, host.length]), Buffer.from(host), port16(port)]),
    granted: (answer) => answer.startsWith('\x05\0\x05\0\0\x01'),
    length: () => 12,
  },
  'SOCKS 4a': {
    ask: (host, port) =>
      Buffer.concat([Buffer.from([4, 1]), port16(port), Buffer.from([0, 0, 0, 1, 0]), Buffer.from(`${host}\0`)]),
    granted: (answer) => answer.startsWith('\0\x5a'),
    length: () => 8,
  },
};

/** Asks for a tunnel, and reads the answer. */
async function tunnel(proxyPort: number, { ask, length }: Dialect, port: number, early = '') {
  const socket = await client(proxyPort);
  socket.write(Buffer.concat([ask(HOST, port), Buffer.from(early)]));
  let answer = '';
  while (answer === '' || length(answer) < 4 || answer.length < length(answer)) {
    const byte = await take(socket, 1);
    if (byte === '') break;
    answer += byte;
  }
  return { socket, answer };
}

describe.each(Object.entries(dialects))('a tunnel of %s', (_, dialect) => {
  it('leads by a race to the address that works, and says so in events', async () => {
    const { port } = await tcpServer('127.0.0.1', 0, (socket) => socket.pipe(socket));
    const proxy = await startProxy({ race });
    const { socket, answer } = await tunnel(proxy.port, dialect, port);
    expect(dialect.granted(answer)).toBe(true);
    socket.write('there and back');
    expect(await take(socket, 14)).toBe('there and back');
    socket.end();
    expect(await received(socket)).toBe('');
    const { sent, received: bytes, duration, code } = await proxy.event('closed');
    expect({ sent, bytes, code }).toEqual({
      sent: dialect.ask(HOST, port).length + 14,
      bytes: answer.length + 14,
      code: undefined,
    });
    expect(duration).toBeGreaterThan(0);
    const types = proxy.events.map(({ type }) => type);
    expect(types.slice(0, 3)).toEqual(['listening', 'accepted', 'requested']);
    expect(types.slice(-2)).toEqual(['connected', 'closed']);
    expect(types.filter((type) => ['started', 'failed', 'connected'].includes(type))).toEqual([
      'started',
      'failed',
      'started',
      'connected',
    ]);
    expect(await proxy.event('connected')).toMatchObject({
      connection: 1,
      endpoint: { address: '127.0.0.1', family: 4, port },
      value: undefined,
      request: { host: HOST, port },
    });
  });

  it('can be asked for in any pieces', async () => {
    const { port } = await tcpServer('127.0.0.1', 0, (socket) => socket.pipe(socket));
    const proxy = await startProxy({ race });
    const asked = dialect.ask(HOST, port);
    for (let at = 1; at < asked.length; at++) {
      const socket = await client(proxy.port);
      socket.setNoDelay().write(asked.subarray(0, at));
      await sleep(1);
      socket.end(Buffer.concat([asked.subarray(at), Buffer.from('early')]));
      const answer = await received(socket);
      expect([at, dialect.granted(answer), answer.slice(dialect.length(answer))]).toEqual([at, true, 'early']);
    }
  });

  it('loses nothing of what the client has sent before it was there', async () => {
    const { port } = await tcpServer('127.0.0.1', 0, (socket) => socket.pipe(socket));
    const proxy = await startProxy({ race });
    const early = 'x'.repeat(300_000);
    const { socket } = await tunnel(proxy.port, dialect, port, early);
    socket.write('late');
    socket.end();
    expect((await received(socket)).length).toBe(early.length + 4);
  });

  it('loses nothing of what the server sends first', async () => {
    const { port } = await tcpServer('127.0.0.1', 0, (socket) => socket.end('welcome'));
    const proxy = await startProxy({ race });
    const { socket } = await tunnel(proxy.port, dialect, port);
    expect(await received(socket)).toBe('welcome');
  });

  it('stays half open: the end of one direction ends that alone', async () => {
    const { port, accepted } = await tcpServer('127.0.0.1', 0);
    const proxy = await startProxy({ race });
    const { socket } = await tunnel(proxy.port, dialect, port);
    socket.end('the question');
    const upstream = accepted[0]!;
    expect(await received(upstream)).toBe('the question');
    expect(upstream.readableEnded).toBe(true);
    await sleep(50);
    upstream.end('the answer');
    expect(await received(socket)).toBe('the answer');
    await proxy.event('closed');
  });

  it('stays half open the other way as well', async () => {
    const { port, accepted } = await tcpServer('127.0.0.1', 0);
    const proxy = await startProxy({ race });
    const { socket } = await tunnel(proxy.port, dialect, port);
    accepted[0]!.end('all that there is');
    expect(await received(socket)).toBe('all that there is');
    socket.end('thanks');
    expect(await received(accepted[0]!)).toBe('thanks');
    await proxy.event('closed');
  });

  it('answers a reset with a reset, in both directions', async () => {
    const { port, accepted } = await tcpServer('127.0.0.1', 0);
    const proxy = await startProxy({ race });
    const first = await tunnel(proxy.port, dialect, port);
    const reset = once(first.socket, 'error');
    accepted[0]!.resetAndDestroy();
    expect(await reset).toMatchObject([{ code: 'ECONNRESET' }]);
    expect(await proxy.event('closed')).toMatchObject({ code: 'ECONNRESET' });

    const second = await tunnel(proxy.port, dialect, port);
    const upstreamReset = once(accepted[1]!, 'error');
    second.socket.resetAndDestroy();
    expect(await upstreamReset).toMatchObject([{ code: 'ECONNRESET' }]);
  });

  it.each(['upstream', 'client'])('answers bytes of the %s and a reset right behind them with both', async (breaksOff) => {
    const { port, accepted } = await tcpServer('127.0.0.1', 0);
    const proxy = await startProxy({ race });
    const { socket } = await tunnel(proxy.port, dialect, port);
    const [from, to] = breaksOff === 'client' ? [socket, accepted[0]!] : [accepted[0]!, socket];
    const bytes = take(to, 'the last bytes'.length);
    from.write('the last bytes');
    from.resetAndDestroy();
    expect(await bytes).toBe('the last bytes');
    to.on('error', () => undefined).on('end', () => to.end());
    expect(await proxy.event('closed')).toMatchObject({ code: 'ECONNRESET' });
  });

  it('reads no faster than the other side, in both directions', async () => {
    const { port, accepted } = await tcpServer('127.0.0.1', 0, (socket) => socket.pause());
    const proxy = await startProxy({ race });
    const { socket } = await tunnel(proxy.port, dialect, port);
    const flood = async (from: net.Socket, to: net.Socket) => {
      let written = 0;
      const block = Buffer.alloc(65_536);
      while (written < 100_000_000 && from.write(block)) written += block.length;
      const stuck = await Promise.race([once(from, 'drain').then(() => false), sleep(500, true)]);
      const before = process.memoryUsage().arrayBuffers;
      expect(stuck || written < 100_000_000).toBe(true);
      expect(before).toBeLessThan(100_000_000);
      to.destroy();
    };
    socket.pause();
    await flood(socket, accepted[0]!);
    const other = await tunnel(proxy.port, dialect, port);
    other.socket.pause();
    await flood(accepted[1]!, other.socket);
  });

  it('is refused where nothing listens, is not resolved, and is not a host at all', async () => {
    const proxy = await startProxy({ race });
    const { port, close } = await tcpServer('127.0.0.1', 0);
    await close();
    for (const host of [HOST, 'nothing.example', 'a..b', '-'.repeat(64)]) {
      const answer = await exchange(proxy.port, dialect.ask(host, port));
      expect([host, dialect.granted(answer)]).toEqual([host, false]);
      expect(answer).not.toBe('');
    }
    expect(proxy.events.flatMap((event) => (event.type === 'refused' ? event.reason : []))).toEqual([
      ...['upstream', 'upstream', 'malformed'],
      'malformed',
    ]);
  });

  it('leaves nothing when its client breaks off in the middle of the race', async () => {
    const dead = await open(blackhole('127.0.0.1'));
    const before = activeResources();
    const proxy = await startProxy({ race: { resolver: staticResolver(['127.0.0.1']) } });
    const socket = await client(proxy.port);
    socket.write(dialect.ask(HOST, dead.port));
    await proxy.event('started');
    socket.resetAndDestroy();
    await proxy.event('closed');
    await proxy.close();
    expect(await leftOver(before)).toEqual({});
  });

  it('is closed, and its race ended, when the proxy is unsubscribed', async () => {
    const dead = await open(blackhole('127.0.0.1'));
    const { port, accepted } = await tcpServer('127.0.0.1', 0);
    const before = activeResources();
    const proxy = await startProxy({ race: { resolver: staticResolver(['127.0.0.1']) } });
    const racing = await client(proxy.port);
    racing.write(dialect.ask(HOST, dead.port));
    const { socket } = await tunnel(proxy.port, dialect, port);
    const ended = Promise.all([received(racing), received(socket), received(accepted[0]!)]);
    await proxy.close();
    expect(await ended).toEqual([expect.stringMatching(/^(?:\x05\0)?$/), '', '']);
    for (const one of [racing, socket, accepted[0]!]) one.destroy();
    expect(await leftOver(before)).toEqual({});
    await expect(client(proxy.port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });
});

describe('SOCKS', () => {
  it('has replies that tell apart why there is no connection (RFC 1928 section 6)', async () => {
    const dead = await open(blackhole('127.0.0.1'));
    const failing = (code: string) => ({
      ...race,
      connectTimeout: 300,
      transport: () => {
        throw Object.assign(new Error(code), { code });
      },
    });
    const reply = async (options: object, port = dead.port, host = HOST) => {
      const proxy = await startProxy(options);
      const answer = await exchange(proxy.port, dialects['SOCKS 5']!.ask(host, port));
      await proxy.close();
      return answer.charCodeAt(3);
    };
    const { port: refusing, close } = await tcpServer('127.0.0.1', 0);
    await close();
    expect(await reply({ race }, refusing)).toBe(5);
    expect(await reply({ race: failing('ENETUNREACH') })).toBe(3);
    expect(await reply({ race: failing('EHOSTUNREACH') })).toBe(4);
    expect(await reply({ race: failing('ETIMEDOUT') })).toBe(6);
    expect(await reply({ race: failing('ECONNRESET') })).toBe(5);
    expect(await reply({ race: failing('EACCES') })).toBe(2);
    expect(await reply({ race: failing('EMFILE') })).toBe(1);
    expect(await reply({ race: { resolver: staticResolver(['127.0.0.1']), connectTimeout: 200 } })).toBe(6);
    expect(await reply({ race }, 80, 'nothing.example')).toBe(4);
    expect(await reply({ race, publicOnly: true }, refusing)).toBe(2);
    expect(await reply({ race, route: () => ({ refuse: 'not today' }) })).toBe(2);
  });

  it.each([
    ['no method that is served', [5, 1, 1], '\x05\xff'],
    ['BIND', [5, 1, 0, 5, 2], '\x05\0\x05\x07\0\x01\0\0\0\0\0\0'],
    ['UDP ASSOCIATE', [5, 1, 0, 5, 3], '\x05\0\x05\x07\0\x01\0\0\0\0\0\0'],
    ['an unknown type of address', [5, 1, 0, 5, 1, 0, 9], '\x05\0\x05\x08\0\x01\0\0\0\0\0\0'],
    ['an empty name', [5, 1, 0, 5, 1, 0, 3, 0], '\x05\0\x05\x01\0\x01\0\0\0\0\0\0'],
    ['no methods at all', [5, 0], ''],
    ['BIND of SOCKS 4', [4, 2], '\0\x5b\0\0\0\0\0\0'],
    ['an endless user name', [4, 1, 0, 80, 1, 1, 1, 1, ...Array<number>(300).fill(97)], '\0\x5b\0\0\0\0\0\0'],
  ])('answers %s, and closes', async (_, asked, answer) => {
    const proxy = await startProxy({ race });
    expect(await exchange(proxy.port, Uint8Array.from(asked))).toBe(answer);
    await proxy.event('closed');
    const one = await startProxy({ race });
    expect(
      await exchange(one.port, ...asked.slice(0, 12).map((byte) => Uint8Array.of(byte)), Uint8Array.from(asked.slice(12))),
    ).toBe(answer);
    expect((await one.event('refused')).reason).toMatch(/^(?:malformed|unsupported|credentials)$/);
  });

  it('closes a connection that ends before it has asked', async () => {
    const proxy = await startProxy({ race });
    for (const asked of [[], [5], [5, 1, 0, 5, 1], [4, 1, 0]]) {
      const socket = await client(proxy.port);
      socket.end(Uint8Array.from(asked));
      expect((await received(socket)).length).toBeLessThanOrEqual(2);
    }
  });

  it('connects to addresses of both families', async () => {
    const proxy = await startProxy();
    const four = await tcpServer('127.0.0.1', 0, (socket) => socket.end('four'));
    const six = await tcpServer('::1', 0, (socket) => socket.end('six'));
    const ask = (type: number, address: readonly number[], port: number) =>
      exchange(proxy.port, Uint8Array.from([5, 1, 0, 5, 1, 0, type, ...address, port >> 8, port & 255]));
    expect((await ask(1, [127, 0, 0, 1], four.port)).slice(12)).toBe('four');
    expect((await ask(4, [...Array<number>(15).fill(0), 1], six.port)).slice(24)).toBe('six');
    expect(await exchange(proxy.port, Uint8Array.from([4, 1, four.port >> 8, four.port & 255, 127, 0, 0, 1, 0]))).toMatch(
      /four$/,
    );
  });
});

describe('CONNECT', () => {
  const { ask } = dialects.CONNECT!;

  it('fails with 502 and 504, and says what each attempt met (RFC 9209)', async () => {
    const { port, close } = await tcpServer('127.0.0.1', 0);
    await close();
    const proxy = await startProxy({ race });
    const refused = await exchange(proxy.port, ask(HOST, port));
    expect(refused).toMatch(/^HTTP\/1\.1 502 Bad Gateway\r\n/);
    const attempts = `\\[::1\\]:${port} ECONNREFUSED after \\d+ ms; 127\\.0\\.0\\.1:${port} ECONNREFUSED after \\d+ ms`;
    expect(refused).toMatch(
      new RegExp(`\r\nProxy-Status: rx-happy-eyeballs; error=connection_refused; details="${attempts}"\r\n`),
    );
    expect(await exchange(proxy.port, ask('nothing.example', 80))).toMatch(
      /^HTTP\/1\.1 502 .*\r\nProxy-Status: rx-happy-eyeballs; error=dns_error; details="ENOTFOUND"\r\n/s,
    );

    const dead = await open(blackhole('127.0.0.1'));
    const slow = await startProxy({ race: { resolver: staticResolver(['127.0.0.1']), connectTimeout: 300 } });
    expect(await exchange(slow.port, ask(HOST, dead.port))).toMatch(
      /^HTTP\/1\.1 504 .*error=connection_timeout; details="127\.0\.0\.1:\d+ no answer after \d+ ms"/s,
    );
  });

  it('does not tell which private address a name has', async () => {
    const proxy = await startProxy({ race: { resolver: staticResolver(['10.1.2.3', '203.0.113.1']) }, publicOnly: true });
    const answer = await exchange(proxy.port, ask(HOST, 80));
    expect(answer).toMatch(/^HTTP\/1\.1 502 .*error=destination_ip_prohibited; details="blocked; blocked"/s);
    expect(answer).not.toMatch(/10\.1\.2\.3/);
    expect(JSON.stringify(await proxy.event('refused'), ['message'])).not.toMatch(/10\.1\.2\.3/);
  });

  it('says which address was connected to', async () => {
    const { port } = await tcpServer('127.0.0.1', 0);
    const proxy = await startProxy({ race });
    const { answer } = await tunnel(proxy.port, dialects.CONNECT!, port);
    expect(answer).toBe(
      `HTTP/1.1 200 Connection established\r\nProxy-Status: rx-happy-eyeballs; next-hop="127.0.0.1:${port}"\r\n\r\n`,
    );
  });

  it.each([
    ['no port', 'CONNECT example.com HTTP/1.1\r\nHost: example.com\r\n\r\n'],
    ['port 0', 'CONNECT example.com:0 HTTP/1.1\r\nHost: example.com\r\n\r\n'],
    ['a URL', 'CONNECT http://example.com:80/ HTTP/1.1\r\nHost: example.com\r\n\r\n'],
    ['user name and password', 'CONNECT me:secret@example.com:80 HTTP/1.1\r\nHost: example.com\r\n\r\n'],
    ['two hosts', 'CONNECT example.com:80 HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n'],
    ['no HTTP', 'CONNECT\r\n\r\n'],
    ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['an invalid field', 'CONNECT example.com:80 HTTP/1.1\r\nHost: a\r\nb c\r\n\r\n'],
  ])('answers %s with 400, whole or byte by byte', async (_, asked) => {
    const proxy = await startProxy({ race });
    for (const pieces of [[asked], asked.split('')]) {
      const answer = await exchange(proxy.port, ...pieces);
      expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n.*\r\nConnection: close\r\n/s);
      expect(answer).not.toMatch(/secret/);
    }
  });
});

describe('what is no protocol that is spoken', () => {
  it.each([
    ['TLS', [0x16, 3, 1, 0, 200]],
    ['zeros', [0, 0, 0, 0]],
    ['SOCKS 3', [3]],
  ])('is closed: %s', async (_, asked) => {
    const proxy = await startProxy();
    expect(await exchange(proxy.port, Uint8Array.from(asked))).toBe('');
    expect(await proxy.event('refused')).toMatchObject({ reason: 'malformed' });
  });
});
