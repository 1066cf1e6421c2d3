import { once } from 'node:events';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { staticResolver } from '../../src/index.js';
import { listen, open, tcpServer } from '../support/fixtures.js';
import { client, exchange, received, startProxy } from '../support/proxy.js';

const HOST = 'web.example';
const race = { resolver: staticResolver({ [HOST]: ['::1', '127.0.0.1'], 'self.example': '127.0.0.1' }) };

/** A web server, and the requests that it was sent. */
async function webServer(answer: (request: IncomingMessage, response: ServerResponse) => void) {
  const requests: IncomingMessage[] = [];
  const server = http.createServer((request, response) => {
    requests.push(request);
    answer(request, response);
  });
  return { ...(await open(listen(server))), requests, server };
}

/** A request by way of the proxy. */
async function get(proxyPort: number, port: number, options: http.RequestOptions = {}, body?: string) {
  const request = http.request({ host: '127.0.0.1', port: proxyPort, path: `http://${HOST}:${port}/path?query`, ...options });
  request.end(body);
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  const chunks: Buffer[] = await response.toArray();
  return { response, text: Buffer.concat(chunks).toString() };
}

/** Whether the connection of a client is reset rather than ended. Node 20 and 22 hide a reset right behind bytes until the next write. */
function isReset(socket: net.Socket): Promise<boolean> {
  return new Promise((resolve) => {
    socket.once('error', () => resolve(true)).once('end', () => socket.write('', (error) => resolve(Boolean(error))));
  });
}

describe('a request with an absolute URL', () => {
  it('is passed on by a race, without the fields of its connection', async () => {
    const { port, requests } = await webServer((_, response) =>
      response.writeHead(203, 'Fine', ['x-B', '1', 'X-b', '2']).end('hello'),
    );
    const proxy = await startProxy({ race });
    const headers = ['Host', 'somewhere.else', 'X-One', '1', 'x-ONE', '2', 'TE', 'trailers', 'Connection', 'close, X-Gone'];
    const { response, text } = await get(proxy.port, port, {
      headers: [...headers, 'X-Gone', '1', 'Proxy-Connection', 'close', 'Via', '1.0 before'] as never,
    });
    expect([response.statusCode, response.statusMessage, text]).toEqual([203, 'Fine', 'hello']);
    expect(response.rawHeaders.filter((_, i) => i < 4)).toEqual(['x-B', '1', 'X-b', '2']);
    expect(response.headers.via).toMatch(/^1\.1 [\da-f]{8}\.rx-happy-eyeballs$/);
    const [{ url, rawHeaders }] = requests as [IncomingMessage];
    expect(url).toBe('/path?query');
    expect(rawHeaders.slice(0, 6)).toEqual(['Host', `${HOST}:${port}`, 'X-One', '1', 'x-ONE', '2']);
    expect(rawHeaders.slice(6)).toEqual(['Via', expect.stringMatching(/^1\.0 before, 1\.1 /), 'Connection', 'keep-alive']);
    expect(await proxy.event('connected')).toMatchObject({
      endpoint: { address: '127.0.0.1' },
      request: { method: 'GET', path: '/path?query' },
    });
  });

  it('may be one of several on a connection, and uses that of the server again', async () => {
    const ports: number[] = [];
    const { port } = await webServer((request, response) => {
      ports.push(request.socket.remotePort!);
      response.end(request.url);
    });
    const proxy = await startProxy({ race });
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    for (const path of ['/a', '/b', '/c']) {
      expect((await get(proxy.port, port, { agent, path: `http://${HOST}:${port}${path}` })).text).toBe(path);
    }
    expect(new Set(ports).size).toBe(1);
    expect(proxy.events.map(({ type }) => type).filter((type) => ['accepted', 'requested', 'connected'].includes(type))).toEqual([
      ...['accepted', 'requested', 'connected', 'requested', 'requested'],
    ]);
    agent.destroy();
  });

  it('may be pipelined', async () => {
    const { port } = await webServer(
      (request, response) => void setTimeout(() => response.end(request.url), request.url === '/1' ? 50 : 0),
    );
    const proxy = await startProxy({ race });
    const one = (path: string) => `GET http://${HOST}:${port}${path} HTTP/1.1\r\nHost: a\r\n\r\n`;
    const last = `GET http://${HOST}:${port}/3 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`;
    const answer = await exchange(proxy.port, one('/1') + one('/2') + last);
    expect(answer.match(/\/\d(?!\.)/g)).toEqual(['/1', '/2', '/3']);
  });

  it.each([
    ['a length', { 'Content-Length': '11' }],
    ['chunks', { 'Transfer-Encoding': 'chunked' }],
    ['the question whether it may', { Expect: '100-continue', 'Content-Length': '11' }],
  ])('brings its body along, with %s', async (_, headers) => {
    const { port, requests } = await webServer((request, response) => void request.pipe(response));
    const proxy = await startProxy({ race });
    expect((await get(proxy.port, port, { method: 'POST', headers }, 'hello world')).text).toBe('hello world');
    expect(requests[0]!.method).toBe('POST');
  });

  it('has no body where it has none', async () => {
    const { port, requests } = await webServer((_, response) => response.end());
    const proxy = await startProxy({ race });
    for (const method of ['POST', 'DELETE', 'PUT']) {
      await exchange(proxy.port, `${method} http://${HOST}:${port}/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
    }
    expect(requests.map(({ headers }) => [headers['content-length'], headers['transfer-encoding']])).toEqual(
      Array(3).fill(['0', undefined]),
    );
  });

  it('is passed on with its trailers, and so is the response', async () => {
    const { port } = await webServer((request, response) => {
      request.resume().on('end', () => {
        response.writeHead(200, { Trailer: 'X-Sum' }).write('body');
        response.addTrailers({ 'X-Sum': `${request.trailers['x-mine']!} back` });
        response.end();
      });
    });
    const proxy = await startProxy({ race });
    const head = `POST http://${HOST}:${port}/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTrailer: X-Mine\r\nConnection: close\r\n\r\n`;
    const answer = await exchange(proxy.port, `${head}1\r\nx\r\n0\r\nX-Mine: there\r\n\r\n`);
    expect(answer).toMatch(/4\r\nbody\r\n0\r\nX-Sum: there back\r\n\r\n$/);
  });

  it('of HTTP 1.0 is answered, to the end of the connection', async () => {
    const { port } = await webServer((_, response) => {
      response.write('in ');
      response.end('parts');
    });
    const proxy = await startProxy({ race });
    const answer = await exchange(proxy.port, `GET http://${HOST}:${port}/ HTTP/1.0\r\n\r\n`);
    expect(answer).toMatch(/\r\n\r\nin parts$/);
    expect(answer).not.toMatch(/chunked/i);
  });

  it('is not taken for whole when the server breaks off: the client is reset', async () => {
    const { port } = await webServer((_, response) => {
      response.write('half');
      setTimeout(() => response.socket!.resetAndDestroy(), 50);
    });
    const proxy = await startProxy({ race });
    const socket = await client(proxy.port);
    socket.write(`GET http://${HOST}:${port}/ HTTP/1.0\r\n\r\n`);
    const reset = once(socket, 'error');
    socket.resume();
    expect(await reset).toMatchObject([{ code: 'ECONNRESET' }]);
  });

  it.each(['1.0', '1.1'])(
    'of HTTP %s is not taken for whole when a reset is right behind a response without a length',
    async (version) => {
      const breakOff = (socket: net.Socket) => {
        socket.write('HTTP/1.1 200 OK\r\n\r\nhalf');
        socket.resetAndDestroy();
      };
      const { port } = await tcpServer('127.0.0.1', 0, (socket) => socket.once('data', () => breakOff(socket)));
      const proxy = await startProxy({ race });
      const socket = await client(proxy.port);
      socket.write(`GET http://${HOST}:${port}/ HTTP/${version}\r\nHost: a\r\n\r\n`);
      expect(await isReset(socket.resume())).toBe(true);
    },
  );

  it('is answered by a response that has no body, even if a reset is right behind it', async () => {
    const { port } = await tcpServer('127.0.0.1', 0, (socket) =>
      socket.once('data', () => {
        socket.write('HTTP/1.1 304 Not Modified\r\nETag: "1"\r\n\r\n');
        socket.resetAndDestroy();
      }),
    );
    const proxy = await startProxy({ race });
    const { response } = await get(proxy.port, port);
    expect([response.statusCode, response.headers.etag, response.complete]).toEqual([304, '"1"', true]);
  });

  it('is answered with all of a response without a length', async () => {
    const answer = 'HTTP/1.1 200 OK\r\n\r\nall of it';
    const { port } = await tcpServer('127.0.0.1', 0, (socket) => socket.once('data', () => socket.end(answer)));
    const proxy = await startProxy({ race });
    const { text } = await get(proxy.port, port);
    expect(text).toBe('all of it');
    const socket = await client(proxy.port);
    socket.write(`GET http://${HOST}:${port}/ HTTP/1.0\r\n\r\n`);
    expect(await isReset(socket.resume())).toBe(false);
  });

  it('ends at the server when its client goes', async () => {
    const { port, requests } = await webServer(() => undefined);
    const proxy = await startProxy({ race });
    const socket = await client(proxy.port);
    socket.write(`GET http://${HOST}:${port}/ HTTP/1.1\r\nHost: a\r\n\r\n`);
    while (requests.length === 0) await sleep(5);
    const closed = once(requests[0]!.socket, 'close');
    socket.destroy();
    await closed;
  });

  it('is sent again where the server has closed a connection that was kept for it', async () => {
    let served = 0;
    const { port } = await tcpServer('127.0.0.1', 0, (socket) => {
      socket.on('data', () => {
        served++;
        if (socket.bytesRead > 300 && served === 2) socket.resetAndDestroy();
        else socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
      });
    });
    const proxy = await startProxy({ race });
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    const padding = { 'X-Padding': 'x'.repeat(200) };
    for (let i = 0; i < 2; i++) expect((await get(proxy.port, port, { agent, headers: padding })).text).toBe('ok');
    expect(served).toBe(3);
    agent.destroy();
  });

  it('that must not be sent twice has a connection of its own', async () => {
    const ports: number[] = [];
    const { port } = await webServer((request, response) => {
      ports.push(request.socket.remotePort!);
      request.resume();
      response.end();
    });
    const proxy = await startProxy({ race });
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    for (const method of ['GET', 'POST', 'POST']) await get(proxy.port, port, { agent, method });
    expect(new Set(ports).size).toBe(3);
    agent.destroy();
  });

  it('is told from a server that answers with nothing', async () => {
    const { port } = await tcpServer('127.0.0.1', 0, (socket) => socket.end());
    const proxy = await startProxy({ race });
    const { response, text } = await get(proxy.port, port);
    expect(response.statusCode).toBe(502);
    expect(response.headers['proxy-status']).toMatch(/error=connection_terminated/);
    expect(text).toMatch(/closed the connection without a response/);
  });

  it('fails as CONNECT does', async () => {
    const { port, close } = await tcpServer('127.0.0.1', 0);
    await close();
    const proxy = await startProxy({ race });
    const { response } = await get(proxy.port, port);
    expect(response.statusCode).toBe(502);
    expect(response.headers['proxy-status']).toMatch(
      /^rx-happy-eyeballs; error=connection_refused; details="\[::1\]:\d+ ECONNREFUSED/,
    );
  });

  it('that comes back to the proxy is a loop', async () => {
    const proxy = await startProxy({ race });
    const { response } = await get(proxy.port, proxy.port, {
      path: `http://self.example:${proxy.port}/http://self.example:${proxy.port}/`,
    });
    expect(response.statusCode).toBe(508);
    const second = await startProxy({ race });
    const { port } = await webServer((request, response) => {
      // As a proxy behind this one that sends everything back.
      const again = http.get({
        host: '127.0.0.1',
        port: second.port,
        path: 'http://self.example/',
        headers: request.headers as never,
      });
      again.on('response', (answer) => answer.pipe(response.writeHead(answer.statusCode!)));
    });
    expect((await get(second.port, port)).response.statusCode).toBe(508);
  });

  it('stops at the proxy where it may go no further (RFC 9110 section 7.6.2)', async () => {
    const { port, requests } = await webServer((_, response) => response.end());
    const proxy = await startProxy({ race });
    await get(proxy.port, port, { method: 'OPTIONS', headers: { 'Max-Forwards': '0' } });
    expect(requests).toHaveLength(0);
    await get(proxy.port, port, { method: 'OPTIONS', headers: { 'Max-Forwards': '5' } });
    expect(requests[0]!.headers['max-forwards']).toBe('4');
  });

  it.each([
    ['no URL', 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['https', 'GET https://example.com/ HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['no host in the URL', 'GET http:///x HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['no Host', `GET http://${HOST}/ HTTP/1.1\r\n\r\n`],
    ['two lengths', `POST http://${HOST}/ HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n`],
    [
      'a length and chunks',
      `POST http://${HOST}/ HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n`,
    ],
    ['an invalid name', 'GET http://a..b/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'],
  ])('is refused with 400 where it has %s', async (_, asked) => {
    const proxy = await startProxy({ race });
    expect(await exchange(proxy.port, asked)).toMatch(/^HTTP\/1\.1 400 /);
  });

  it('holds no line end in its path or fields', async () => {
    const { port, requests } = await webServer((_, response) => response.end());
    const proxy = await startProxy({ race });
    await exchange(proxy.port, `GET http://${HOST}:${port}/%0d%0aX: HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
    await exchange(proxy.port, `GET http://${HOST}:${port}/\tx HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
    expect(requests.map(({ url }) => url)).not.toContain('/\r\nX:');
  });
});

describe('what a client may do', () => {
  it('needs its password, whatever it speaks, and that goes no further', async () => {
    const { port, requests } = await webServer((_, response) => response.end('hello'));
    const proxy = await startProxy({ race, auth: 'me:secret' });
    const headers = { 'Proxy-Authorization': `Basic ${Buffer.from('me:secret').toString('base64')}` };
    const wrong = { 'Proxy-Authorization': `Basic ${Buffer.from('me:wrong').toString('base64')}` };
    expect((await get(proxy.port, port)).response).toMatchObject({
      statusCode: 407,
      headers: { 'proxy-authenticate': 'Basic realm="rx-happy-eyeballs", charset="UTF-8"' },
    });
    expect((await get(proxy.port, port, { headers: wrong })).response.statusCode).toBe(407);
    expect((await get(proxy.port, port, { headers })).text).toBe('hello');
    expect(requests).toHaveLength(1);
    expect(requests[0]!.headers).not.toHaveProperty('proxy-authorization');

    const connect = (field = '') =>
      exchange(proxy.port, `CONNECT ${HOST}:${port} HTTP/1.1\r\nHost: a\r\n${field}\r\n`, `GET / HTTP/1.0\r\n\r\n`);
    expect(await connect()).toMatch(/^HTTP\/1\.1 407 .*\r\nProxy-Authenticate: Basic /s);
    expect(await connect(`Proxy-Authorization: ${headers['Proxy-Authorization']}\r\n`)).toMatch(/^HTTP\/1\.1 200 .*hello$/s);

    const socks = (password: string) =>
      exchange(
        proxy.port,
        Buffer.concat([
          Buffer.from([5, 2, 0, 2, 1, 2]),
          Buffer.from('me'),
          Buffer.from([password.length]),
          Buffer.from(password),
          Buffer.from([5, 1, 0, 3, HOST.length]),
          Buffer.from(HOST),
          Buffer.from([port >> 8, port & 255]),
          Buffer.from('GET / HTTP/1.0\r\n\r\n'),
        ]),
      );
    expect(await socks('secret')).toMatch(/^\x05\x02\x01\0\x05\0.*hello$/s);
    expect(await socks('wrong')).toBe('\x05\x02\x01\x01');
    expect(await exchange(proxy.port, Uint8Array.of(5, 1, 0))).toBe('\x05\xff');
    expect(await exchange(proxy.port, Uint8Array.of(4, 1, 0, 80, 127, 0, 0, 1, 0))).toBe('\0\x5b\0\0\0\0\0\0');

    const told = JSON.stringify(proxy.events);
    expect(told).not.toMatch(/secret|bWU6/);
    expect(told).toMatch(/"user":"me"/);
  });

  it('is decided by a route: options of the race, a refusal, a promise of either', async () => {
    const { port } = await webServer((_, response) => response.end('hello'));
    const proxy = await startProxy({
      publicOnly: false,
      route: async ({ host, path }) => {
        await sleep(1);
        if (path === '/no') return { refuse: 'Not this one.', status: 451 };
        if (path === '/throws') throw new Error('a secret of the operator');
        if (path === '/wrong') return { connectTimeout: 'x' } as never;
        return host === HOST ? { resolver: staticResolver(['127.0.0.1']), partition: 'web' } : undefined;
      },
    });
    const path = (text: string) => ({ path: `http://${HOST}:${port}${text}` });
    expect((await get(proxy.port, port)).text).toBe('hello');
    const refused = await get(proxy.port, port, path('/no'));
    expect([refused.response.statusCode, refused.text]).toEqual([451, 'Not this one.\n']);
    for (const wrong of ['/throws', '/wrong']) {
      const { response, text } = await get(proxy.port, port, path(wrong));
      expect([response.statusCode, text]).toEqual([500, 'The proxy failed to decide whether this request is allowed.\n']);
    }
    expect((await proxy.event('refused')).reason).toBe('route');
  });

  it('leads to public addresses alone, also where a route says otherwise, and a name changes its address', async () => {
    const { port, requests } = await webServer((_, response) => response.end('private'));
    let asked = 0;
    const proxy = await startProxy({
      publicOnly: true,
      // The name is public for who looks first, and private for who connects.
      race: {
        cache: false,
        resolver: (host) => staticResolver({ [HOST]: asked++ === 0 ? '203.0.113.1' : '127.0.0.1' })(host),
        connectTimeout: 300,
      },
      route: ({ path }) =>
        path === '/filter' ? { filter: () => true } : { resolver: staticResolver(['::ffff:127.0.0.1', '64:ff9b::7f00:1']) },
    });
    for (const path of ['/filter', '/filter', '/resolver']) {
      const { response } = await get(proxy.port, port, { path: `http://${HOST}:${port}${path}` });
      expect(response.statusCode).toBeGreaterThanOrEqual(502);
    }
    expect((await get(proxy.port, port, { path: `http://127.0.0.1:${port}/` })).response.statusCode).toBe(502);
    expect(requests).toHaveLength(0);
  });

  it('is not more often than its rate, and the next second is another', async () => {
    const { port } = await webServer((_, response) => response.end('hello'));
    const proxy = await startProxy({ race, clientRate: 2 });
    const statuses: (number | undefined)[] = [];
    for (let i = 0; i < 4; i++) statuses.push((await get(proxy.port, port)).response.statusCode);
    expect(statuses.slice(0, 2)).toEqual([200, 200]);
    expect(statuses).toContain(429);
    const socks = await exchange(proxy.port, Uint8Array.from([5, 1, 0, 5, 1, 0, 1, 127, 0, 0, 1, port >> 8, port & 255]));
    expect(socks.charCodeAt(3)).toBe(2);
    await sleep(1100);
    expect((await get(proxy.port, port)).response.statusCode).toBe(200);
  });

  it('is nothing, where it comes from another address', async () => {
    const proxy = await startProxy({ race, allow: '192.0.2.0/24' });
    const socket = await client(proxy.port);
    expect(await received(socket)).toBe('');
    expect(await proxy.event('refused')).toMatchObject({ reason: 'client' });
    const other = await startProxy({ race, allow: ['192.0.2.0/24', '127.0.0.0/8'] });
    expect(await exchange(other.port, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n')).toMatch(/^HTTP\/1\.1 400/);
  });
});

describe('limits', () => {
  it('turn the next away at once where there are as many connections as there may be', async () => {
    const proxy = await startProxy({ race, maxConnections: 2 });
    const kept = [await client(proxy.port), await client(proxy.port)];
    while (proxy.events.filter(({ type }) => type === 'accepted').length < 2) await sleep(5);
    expect(await exchange(proxy.port, `CONNECT ${HOST}:80 HTTP/1.1\r\nHost: a\r\n\r\n`)).toMatch(
      /^HTTP\/1\.1 503 .*error=connection_limit_reached/s,
    );
    expect(await exchange(proxy.port, 'G')).toMatch(/^HTTP\/1\.1 503 /);
    expect(await exchange(proxy.port, Uint8Array.from([5, 1, 0, 5, 1, 0, 1, 127, 0, 0, 1, 0, 80]))).toBe(
      '\x05\0\x05\x01\0\x01\0\0\0\0\0\0',
    );
    expect(await exchange(proxy.port, Uint8Array.from([4, 1, 0, 80, 127, 0, 0, 1, 0]))).toBe('\0\x5b\0\0\0\0\0\0');
    kept[0]!.destroy();
    await proxy.event('closed');
    while (proxy.events.filter(({ type }) => type === 'closed').length < 5) await sleep(5);
    expect(await exchange(proxy.port, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n')).toMatch(/^HTTP\/1\.1 400/);
  });

  it('end a head that is too long with 431', async () => {
    const proxy = await startProxy({ race, maxHeaderSize: 1000 });
    const long = `CONNECT ${HOST}:80 HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(1000)}\r\n\r\n`;
    expect(await exchange(proxy.port, long)).toMatch(/^HTTP\/1\.1 431 /);
    expect(await exchange(proxy.port, `GET http://${HOST}/${'x'.repeat(2000)}`)).toMatch(/^HTTP\/1\.1 431 /);
    expect(await proxy.event('refused')).toMatchObject({ reason: 'size' });
  });

  it('end a head that takes too long, byte by byte or not begun, of every protocol', async () => {
    const proxy = await startProxy({ race, headerTimeout: 300 });
    const drip = async (bytes: readonly number[]) => {
      const socket = await client(proxy.port);
      const answer = received(socket);
      for (const byte of bytes) {
        if (socket.destroyed || socket.writableEnded) break;
        socket.write(Uint8Array.of(byte));
        await sleep(50);
      }
      return answer;
    };
    const request = [...Buffer.from(`CONNECT ${HOST}:80 HTTP/1.1\r\nHost: ${'a'.repeat(100)}`)];
    const answers = await Promise.all([
      drip([]),
      drip([5, 1, 0, 5, 1, 0, 3, 255, ...request]),
      drip([4, 1, 0, 80, 1, 1, 1, 1, ...request]),
      drip(request),
    ]);
    expect(answers.slice(0, 3).map((answer) => answer.length)).toEqual([0, 2, 0]);
    expect(answers[3]).toMatch(/^HTTP\/1\.1 408 /);
    expect(proxy.events.flatMap((event) => (event.type === 'refused' ? event.reason : []))).toEqual(Array(4).fill('time'));
  });

  it('end the head of a second request that takes too long, and not a connection that waits', async () => {
    const { port } = await webServer((_, response) => response.end('hello'));
    const proxy = await startProxy({ race, headerTimeout: 200 });
    const socket = await client(proxy.port);
    const answer = received(socket);
    socket.write(`GET http://${HOST}:${port}/ HTTP/1.1\r\nHost: a\r\n\r\n`);
    await sleep(500);
    expect(socket.readableEnded).toBe(false);
    socket.write('GET http://');
    expect(await answer).toMatch(/hello.*HTTP\/1\.1 408 /s);
  });

  it('end a tunnel without a byte, and leave one with', async () => {
    const { port } = await tcpServer('127.0.0.1', 0, (socket) => socket.pipe(socket));
    const proxy = await startProxy({ race, idleTimeout: 300 });
    const open = async () => {
      const socket = await client(proxy.port);
      socket.write(`CONNECT ${HOST}:${port} HTTP/1.1\r\nHost: a\r\n\r\n`);
      await once(socket, 'data');
      return socket;
    };
    const [idle, busy] = [await open(), await open()];
    const closed = received(idle);
    for (let i = 0; i < 10; i++) {
      busy.write('x');
      await sleep(60);
    }
    await closed;
    expect(busy.destroyed).toBe(false);
  });
});

describe('a proxy', () => {
  it('drains: what is open goes on, nothing more is accepted, and it completes with the last', async () => {
    const { port } = await tcpServer('127.0.0.1', 0, (socket) => socket.pipe(socket));
    const drain = new AbortController();
    const proxy = await startProxy({ race, drain: drain.signal });
    const tunnel = await client(proxy.port);
    tunnel.write(`CONNECT ${HOST}:${port} HTTP/1.1\r\nHost: a\r\n\r\n`);
    await once(tunnel, 'data');
    drain.abort();
    await expect(client(proxy.port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    tunnel.write('still here');
    expect(((await once(tunnel, 'data')) as [Buffer])[0].toString()).toBe('still here');
    expect(proxy.completed()).toBe(false);
    tunnel.end();
    await proxy.event('closed');
    for (let i = 0; i < 100 && !proxy.completed(); i++) await sleep(20);
    expect(proxy.completed()).toBe(true);
  });

  it('closes connections without a request when it drains, and answers those with', async () => {
    let respond: () => unknown = () => undefined;
    const { port } = await webServer((request, response) => {
      if (request.url === '/slow') respond = () => response.end('slow');
      else response.end('fast');
    });
    const drain = new AbortController();
    const proxy = await startProxy({ race, drain: drain.signal });
    const ask = async (path: string) => {
      const socket = await client(proxy.port);
      socket.write(`GET http://${HOST}:${port}${path} HTTP/1.1\r\nHost: a\r\n\r\n`);
      return socket;
    };
    const idle = await ask('/fast');
    await once(idle, 'data');
    const busy = await ask('/slow');
    await sleep(200);
    const [closed, answer] = [received(idle), received(busy)];
    drain.abort();
    await closed;
    respond();
    expect(await answer).toMatch(/\r\nConnection: close\r\n.*slow/s);
    for (let i = 0; i < 100 && !proxy.completed(); i++) await sleep(20);
    expect(proxy.completed()).toBe(true);
  });

  it('says by an error that it cannot listen', async () => {
    const { port } = await tcpServer('127.0.0.1', 0);
    const { proxy$ } = await import('../../src/proxy/index.js');
    const error = await new Promise((resolve) => proxy$({ listen: `127.0.0.1:${port}` }).subscribe({ error: resolve }));
    expect(error).toMatchObject({ code: 'EADDRINUSE' });
  });

  it('can be subscribed to several times, each a proxy of its own', async () => {
    const { proxy$ } = await import('../../src/proxy/index.js');
    const events$ = proxy$({ listen: { port: 0 } });
    const ports = new Set<number>();
    for (let i = 0; i < 2; i++) {
      const port = await new Promise<number>((resolve) => {
        const subscription = events$.subscribe((event) => event.type === 'listening' && resolve(event.port));
        const close = () => {
          subscription.unsubscribe();
          return Promise.resolve();
        };
        void open({ port: 0, close });
      });
      ports.add(port);
    }
    expect(ports.size).toBe(2);
    expect(net.isIP('127.0.0.1')).toBe(4);
  });
});
