import { randomBytes, createHash } from 'node:crypto';
import { once } from 'node:events';
import type net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { staticResolver } from '../../src/index.js';
import { readConnectHead } from '../../src/proxy/connect-head.js';
import { tcpServer } from '../support/fixtures.js';
import { client, exchange, received, startProxy, take } from '../support/proxy.js';

const HOST = 'web.example';
const race = { resolver: staticResolver({ [HOST]: '127.0.0.1' }) };

/** A server that answers in bytes once it has the head of a request. */
const rawServer = (answer: string | ((socket: net.Socket, head: string) => void)) =>
  tcpServer('127.0.0.1', 0, (socket) => {
    let head = '';
    const read = (data: Buffer) => {
      head += data.toString('latin1');
      if (!head.includes('\r\n\r\n')) return;
      socket.off('data', read);
      if (typeof answer === 'string') socket.end(answer);
      else answer(socket, head);
    };
    socket.on('data', read).on('error', () => undefined);
  });

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok';

const request = (port: number, fields = '', method = 'GET', version = '1.1') =>
  `${method} http://${HOST}:${port}/ HTTP/${version}\r\nHost: ${HOST}\r\n${fields}\r\n`;

describe('a request whose body cannot be passed on as it is', () => {
  it.each([
    ['a coding that is not known', 'Transfer-Encoding: gzip, chunked\r\n', '1.1', 501],
    ['chunks in HTTP 1.0 (RFC 9112 section 6.1)', 'Transfer-Encoding: chunked\r\n', '1.0', 400],
    ['two lengths', 'Content-Length: 1\r\nContent-Length: 2\r\n', '1.1', 400],
    ['a length and chunks', 'Content-Length: 1\r\nTransfer-Encoding: chunked\r\n', '1.1', 400],
    ['a length that is no number', 'Content-Length: 0x10\r\n', '1.1', 400],
    ['chunks that are not the last coding', 'Transfer-Encoding: chunked, gzip\r\n', '1.1', 400],
  ])('is refused: %s', async (_, fields, version, status) => {
    const { port, accepted } = await rawServer(OK);
    const proxy = await startProxy({ race });
    const answer = await exchange(proxy.port, `${request(port, fields, 'POST', version)}0\r\n\r\n`);
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} [^]*\\r\\nConnection: close\\r\\n`));
    expect(accepted).toHaveLength(0);
  });

  it('ends a connection whose second chunk is malformed, and does not answer in the middle of a response', async () => {
    const { port } = await rawServer((socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nthe first half'));
    const proxy = await startProxy({ race });
    const socket = await client(proxy.port);
    const answer = received(socket);
    socket.write(`${request(port, 'Transfer-Encoding: chunked\r\n', 'POST')}1\r\nx\r\n`);
    await proxy.event('connected');
    await sleep(100);
    socket.write('not a chunk\r\n');
    expect(await answer).not.toMatch(/HTTP\/1\.1 400/);
    await proxy.event('closed');
  });
});

describe('a response that cannot be passed on as it is', () => {
  it.each([
    ['no HTTP', 'hello\r\n\r\n', /^HTTP\/1\.1 502 .*error=http_protocol_error/s],
    ['a head without an end', `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(20_000)}`, /^HTTP\/1\.1 502 .*error=http_protocol_error/s],
    ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab', /^HTTP\/1\.1 502 /],
    [
      'a protocol that was not asked for',
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: other\r\nConnection: upgrade\r\n\r\nbytes',
      /^HTTP\/1\.1 502 .*error=http_protocol_error/s,
    ],
    [
      'a coding that was not asked for',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n',
      /^HTTP\/1\.1 502 .*error=http_protocol_error/s,
    ],
  ])('is a failure: %s', async (_, bytes, expected) => {
    const { port } = await rawServer(bytes);
    const proxy = await startProxy({ race });
    expect(await exchange(proxy.port, request(port))).toMatch(expected);
  });

  it('has fields of its connection in no trailer', async () => {
    const { port } = await rawServer(
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n1\r\nx\r\n0\r\nX-Sum: 1\r\nConnection: close\r\nHost: other\r\nProxy-Authenticate: Basic\r\n\r\n',
    );
    const proxy = await startProxy({ race });
    expect(await exchange(proxy.port, request(port, 'Connection: close\r\n'))).toMatch(/\r\n0\r\nX-Sum: 1\r\n\r\n$/);
  });
});

describe('interim responses', () => {
  it('are passed on, but not to a client of HTTP 1.0 (RFC 9110 section 15.2)', async () => {
    const interim = 'HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n';
    const { port } = await rawServer(`${interim}${OK}`);
    const proxy = await startProxy({ race });
    const answer = await exchange(proxy.port, request(port, 'Connection: close\r\n'));
    expect(answer).toMatch(/^HTTP\/1\.1 103 Early Hints\r\nLink: <\/a\.css>; rel=preload\r\n\r\n/);
    expect(answer).toMatch(/HTTP\/1\.1 200 OK\r\n[^]*ok$/);
    const old = await exchange(proxy.port, request(port, '', 'GET', '1.0'));
    expect(old).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  });
});

describe('a client', () => {
  it('may end its direction behind the request, as nc does', async () => {
    const { port } = await rawServer((socket) => void setTimeout(() => socket.end(OK), 100));
    const proxy = await startProxy({ race });
    const socket = await client(proxy.port);
    const answer = received(socket);
    socket.end(request(port));
    expect(await answer).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*ok$/);
    await proxy.event('closed');
  });

  it('is answered while it is still sending, and its connection is not stuck', async () => {
    const { port } = await rawServer((socket) =>
      socket.end('HTTP/1.1 413 Content Too Large\r\nContent-Length: 4\r\nConnection: close\r\n\r\nmuch', () => socket.destroy()),
    );
    const proxy = await startProxy({ race });
    const socket = await client(proxy.port);
    const answer = received(socket, 2000);
    socket.write(request(port, 'Content-Length: 3000000\r\n', 'POST'));
    socket.write(Buffer.alloc(1_000_000));
    await sleep(500);
    socket.write(Buffer.alloc(2_000_000));
    socket.write(request(port, 'Connection: close\r\n'));
    const text = await answer;
    expect(text).toMatch(/^HTTP\/1\.1 (?:413 |502 )/);
    // Either the connection has ended, or it was read to the end of the body and has answered the next request.
    expect(socket.readableEnded || socket.destroyed).toBe(true);
  });

  it('gets no answer to a CONNECT that it has sent behind a request, in place of the response to that', async () => {
    const { port } = await rawServer((socket) => void setTimeout(() => socket.end(OK), 300));
    const echo = await tcpServer('127.0.0.1', 0, (socket) => socket.pipe(socket));
    const proxy = await startProxy({ race });
    const answer = await exchange(
      proxy.port,
      `${request(port)}CONNECT ${HOST}:${echo.port} HTTP/1.1\r\nHost: ${HOST}\r\n\r\nearly`,
    );
    expect(answer).not.toMatch(/^HTTP\/1\.1 200 Connection established/);
    expect(await proxy.event('refused')).toMatchObject({ reason: 'malformed' });
    expect(echo.accepted).toHaveLength(0);
  });

  it('does not make the proxy open connections without end by requests that wait', async () => {
    const waiting: (() => void)[] = [];
    let most = 0;
    const { port } = await rawServer((socket) => {
      waiting.push(() => socket.end(OK));
      most = Math.max(most, waiting.length);
    });
    const proxy = await startProxy({ race });
    const socket = await client(proxy.port);
    const answer = received(socket);
    const count = 1000;
    socket.write(request(port).repeat(count - 1) + request(port, 'Connection: close\r\n'));
    while (waiting.length === 0) await sleep(20);
    await sleep(300);
    const answering = setInterval(() => waiting.splice(0).forEach((respond) => respond()), 5);
    const text = await answer;
    clearInterval(answering);
    expect(text.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(count);
    expect(most).toBeLessThanOrEqual(16);
  }, 30_000);

  it('closes its connection when the proxy drains in the middle of a response', async () => {
    let finish: () => unknown = () => undefined;
    const { port } = await rawServer((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nha');
      finish = () => socket.write('lf');
    });
    const drain = new AbortController();
    const proxy = await startProxy({ race, drain: drain.signal });
    const socket = await client(proxy.port);
    const answer = received(socket);
    socket.write(request(port));
    await once(socket, 'data');
    drain.abort();
    await sleep(100);
    finish();
    expect(await answer).toMatch(/half$/);
    for (let i = 0; i < 100 && !proxy.completed(); i++) await sleep(20);
    expect(proxy.completed()).toBe(true);
  });
});

describe('a tunnel', () => {
  it('changes no byte, whichever side is slow', async () => {
    const bytes = randomBytes(5_000_000);
    const hash = (data: Uint8Array) => createHash('sha256').update(data).digest('hex');
    const readSlowly = async (socket: net.Socket) => {
      const chunks: Buffer[] = [];
      for await (const chunk of socket) {
        chunks.push(chunk as Buffer);
        if (chunks.length % 20 === 0) await sleep(5);
      }
      return hash(Buffer.concat(chunks));
    };
    let uploaded: Promise<string> | undefined;
    const { port } = await tcpServer('127.0.0.1', 0, (socket) => {
      uploaded = readSlowly(socket);
      socket.end(bytes);
    });
    const proxy = await startProxy({ race });
    const socket = await client(proxy.port);
    socket.write(`CONNECT ${HOST}:${port} HTTP/1.1\r\nHost: a\r\n\r\n`);
    let head = '';
    while (!head.endsWith('\r\n\r\n')) head += await take(socket, 1);
    socket.end(bytes);
    expect(await readSlowly(socket)).toBe(hash(bytes));
    expect(await uploaded).toBe(hash(bytes));
    expect(await proxy.event('closed')).toMatchObject({ received: bytes.length + head.length });
  });

  it('of SOCKS 5 says in the answer where it comes from, in the family of the connection (RFC 1928 section 6)', async () => {
    const proxy = await startProxy({ race: { resolver: staticResolver({ 'six.example': '::1' }) } });
    const { port, accepted } = await tcpServer('::1', 0, (socket) => socket.end());
    const name = 'six.example';
    const asked = [5, 1, 0, 5, 1, 0, 3, name.length, ...Buffer.from(name), port >> 8, port & 255];
    const answer = Buffer.from(await exchange(proxy.port, Uint8Array.from(asked)), 'latin1').subarray(2);
    const from = accepted[0]!.remotePort ?? 0;
    expect([...answer]).toEqual([5, 0, 0, 4, ...Array<number>(15).fill(0), 1, from >> 8, from & 255]);
  });
});

describe('a request for a tunnel that is whole', () => {
  const head = (fields: string, line = 'CONNECT a.example:443 HTTP/1.1') => Buffer.from(`${line}\r\n${fields}\r\n`, 'latin1');
  const read = (bytes: Buffer) => readConnectHead(bytes, 16_384);

  it('is read without a server of HTTP', () => {
    const bytes = head('Host: a.example:443\r\nUser-Agent: x\r\nX-Empty:\r\nX-Latin: \xe9\t\r\n');
    expect(read(bytes)).toEqual({ target: 'a.example:443', length: bytes.length });
    expect(read(Buffer.concat([bytes, Buffer.from('early\r\n\r\n')]))).toEqual({ target: 'a.example:443', length: bytes.length });
    const known = head('Host: a\r\nproxy-AUTHORIZATION:  Basic bWU6c2VjcmV0 \r\n');
    expect(read(known)).toMatchObject({ authorization: 'Basic bWU6c2VjcmV0' });
  });

  it.each([
    ['not whole', head('Host: a\r\n').subarray(0, -1)],
    ['another method', head('Host: a\r\n', 'CONNECTS a:1 HTTP/1.1')],
    ['lower case', head('Host: a\r\n', 'connect a:1 HTTP/1.1')],
    ['another version', head('Host: a\r\n', 'CONNECT a:1 HTTP/1.2')],
    ['two blanks', head('Host: a\r\n', 'CONNECT  a:1 HTTP/1.1')],
    ['two hosts', head('Host: a\r\nX: 1\r\nhost: a\r\n')],
    ['two passwords', head('Proxy-Authorization: Basic YTpi\r\nproxy-authorization: Basic YTpi\r\n')],
    ['a length', head('Host: a\r\ncontent-length: 5\r\n')],
    ['a coding', head('Transfer-Encoding: chunked\r\n')],
    ['a blank before the colon', head('Host : a\r\n')],
    ['a field in two lines', head('Host: a\r\n b\r\n')],
    ['a bare line feed', head('Host: a\nX: b\r\n')],
    ['a null byte', head('Host: a\0\r\n')],
    ['a line without a colon', head('Host\r\n')],
    ['too much', head(`X: ${'x'.repeat(17_000)}\r\n`)],
  ])('is left to Node where there is a doubt: %s', (_, bytes) => {
    expect(read(bytes)).toBeUndefined();
  });
});
