import { parseAbsoluteUrl } from '../../src/proxy/absolute-url.js';
import { parseBasic, verifier } from '../../src/proxy/credentials.js';
import { formatAuthority, parseAuthority } from '../../src/proxy/authority.js';
import { endToEnd, hasCome } from '../../src/proxy/headers.js';
import type { Parsed } from '../../src/proxy/parsed.js';
import { protocolOf } from '../../src/proxy/protocol.js';
import { rateLimit } from '../../src/proxy/rate.js';
import { parseSocks4, socks4Reply } from '../../src/proxy/socks4.js';
import { parseCredentials, parseGreeting, parseRequest, requestReply } from '../../src/proxy/socks5.js';
import { isLoopback, subnets } from '../../src/proxy/subnets.js';

const bytes = (...parts: readonly (number | string)[]) =>
  Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.from([part]))));

const name255 = 'n'.repeat(255);

describe('a message of SOCKS', () => {
  const messages: [string, (bytes: Uint8Array) => Parsed<unknown>, Buffer, unknown][] = [
    ['greeting', parseGreeting, bytes(5, 2, 0, 2), [0, 2]],
    ['greeting with 255 methods', parseGreeting, bytes(5, 255, 'm'.repeat(255)), Array(255).fill(109)],
    ['credentials', parseCredentials, bytes(1, 2, 'me', 6, 'secret'), { username: 'me', password: 'secret' }],
    ['empty credentials', parseCredentials, bytes(1, 0, 0), { username: '', password: '' }],
    ['the longest credentials', parseCredentials, bytes(1, 255, name255, 255, name255), { username: name255, password: name255 }],
    ['request for IPv4', parseRequest, bytes(5, 1, 0, 1, 192, 0, 2, 1, 1, 187), { host: '192.0.2.1', port: 443 }],
    ['request for a name', parseRequest, bytes(5, 1, 0, 3, 4, 'a.bc', 0, 80), { host: 'a.bc', port: 80 }],
    ['request for the longest name', parseRequest, bytes(5, 1, 0, 3, 255, name255, 255, 255), { host: name255, port: 65_535 }],
    [
      'request for IPv6',
      parseRequest,
      bytes(5, 1, 0, 4, 0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 80),
      { host: '2001:db8:0:0:0:0:0:1', port: 80 },
    ],
    ['request of SOCKS 4', parseSocks4, bytes(4, 1, 0, 80, 192, 0, 2, 1, 0), { host: '192.0.2.1', port: 80, userId: '' }],
    [
      'request of SOCKS 4a',
      parseSocks4,
      bytes(4, 1, 0, 80, 0, 0, 0, 7, 'me', 0, 'a.bc', 0),
      { host: 'a.bc', port: 80, userId: 'me' },
    ],
    ['request of SOCKS 4 for 0.0.0.0', parseSocks4, bytes(4, 1, 0, 80, 0, 0, 0, 0, 0), { host: '0.0.0.0', port: 80, userId: '' }],
    [
      'the longest request of SOCKS 4a',
      parseSocks4,
      bytes(4, 1, 0, 80, 0, 0, 0, 1, name255, 0, name255, 0),
      { host: name255, port: 80, userId: name255 },
    ],
  ];

  it.each(messages)(
    'is incomplete at every position of a %s, and complete with what is behind it',
    (_, parse, message, value) => {
      for (let length = 0; length < message.length; length++) {
        expect([length, parse(message.subarray(0, length)).state]).toEqual([length, 'incomplete']);
      }
      for (const behind of ['', 'early data']) {
        expect(parse(Buffer.concat([message, Buffer.from(behind)]))).toEqual({
          state: 'complete',
          value,
          length: message.length,
        });
      }
    },
  );

  it.each<[string, (bytes: Uint8Array) => Parsed<unknown>, Buffer, number | undefined]>([
    ['another version', parseGreeting, bytes(4), undefined],
    ['no methods', parseGreeting, bytes(5, 0), undefined],
    ['another version of credentials', parseCredentials, bytes(5), undefined],
    ['another version in the request', parseRequest, bytes(4), 1],
    ['BIND', parseRequest, bytes(5, 2), 7],
    ['UDP ASSOCIATE', parseRequest, bytes(5, 3), 7],
    ['command 0', parseRequest, bytes(5, 0), 7],
    ['a reserved byte that is not 0', parseRequest, bytes(5, 1, 1), 1],
    ['an unknown type of address', parseRequest, bytes(5, 1, 0, 2), 8],
    ['type 0', parseRequest, bytes(5, 1, 0, 0), 8],
    ['an empty name', parseRequest, bytes(5, 1, 0, 3, 0), 1],
    ['port 0', parseRequest, bytes(5, 1, 0, 1, 192, 0, 2, 1, 0, 0), 1],
    ['version 5 where 4 was', parseSocks4, bytes(5), 0x5b],
    ['BIND of SOCKS 4', parseSocks4, bytes(4, 2), 0x5b],
    ['port 0 of SOCKS 4', parseSocks4, bytes(4, 1, 0, 0, 192, 0, 2, 1), 0x5b],
    ['a user name without an end', parseSocks4, bytes(4, 1, 0, 80, 192, 0, 2, 1, name255, 'n'), 0x5b],
    ['a name without an end', parseSocks4, bytes(4, 1, 0, 80, 0, 0, 0, 1, 0, name255, 'n'), 0x5b],
    ['an empty name of SOCKS 4a', parseSocks4, bytes(4, 1, 0, 80, 0, 0, 0, 1, 0, 0), 0x5b],
  ])('is malformed as soon as that is known: %s', (_, parse, message, reply) => {
    expect(parse(message)).toEqual({ state: 'malformed', why: expect.any(String), ...(reply !== undefined && { reply }) });
    expect(parse(message.subarray(0, -1)).state).toBe('incomplete');
  });

  it('is answered with an address of either family', () => {
    expect([...requestReply(0, { address: Uint8Array.of(192, 0, 2, 1), port: 258 })]).toEqual([5, 0, 0, 1, 192, 0, 2, 1, 1, 2]);
    expect([...requestReply(5)]).toEqual([5, 5, 0, 1, 0, 0, 0, 0, 0, 0]);
    expect(requestReply(0, { address: new Uint8Array(16), port: 1 })).toHaveLength(22);
    expect([...socks4Reply(0x5a)]).toEqual([0, 0x5a, 0, 0, 0, 0, 0, 0]);
  });
});

describe('the first byte', () => {
  it('tells which protocol a client speaks', () => {
    const spoken = (text: string) => protocolOf(text.charCodeAt(0));
    expect(['\x05', '\x04', 'CONNECT', 'get', '\r\n', '\x16\x03', '\0', ' ', '[', '\xff', '\x03'].map(spoken)).toEqual([
      'socks5',
      'socks4',
      'http',
      'http',
      'http',
      ...Array<undefined>(6).fill(undefined),
    ]);
  });
});

describe('an authority', () => {
  it.each([
    ['example.com:443', { host: 'example.com', port: 443 }],
    ['192.0.2.1:1', { host: '192.0.2.1', port: 1 }],
    ['[2001:db8::1]:65535', { host: '2001:db8::1', port: 65_535 }],
    ['[fe80::1%eth0]:80', { host: 'fe80::1%eth0', port: 80 }],
  ])('%s is taken apart', (text, destination) => {
    expect(parseAuthority(text)).toEqual(destination);
    expect(formatAuthority(destination)).toBe(text);
  });

  it.each([
    '',
    'example.com',
    'example.com:',
    ':443',
    'example.com:0',
    'example.com:65536',
    'example.com:99999999',
    'example.com:4x',
    'me:secret@example.com:443',
    '2001:db8::1:443',
    '[2001:db8::1]443',
    '[example.com]:443',
    'a b:443',
    'a/b:443',
    'example.com:443/x',
    'http://example.com:443',
  ])('%j is no authority for CONNECT', (text) => {
    expect(parseAuthority(text)).toBeUndefined();
  });
});

describe('an absolute URL', () => {
  it.each([
    ['http://example.com', 'GET', { host: 'example.com', port: 80, path: '/' }],
    ['HTTP://example.com:8080/a/../b?c#d', 'GET', { host: 'example.com', port: 8080, path: '/a/../b?c' }],
    ['http://[::1]?q', 'GET', { host: '::1', port: 80, path: '/?q' }],
    ['http://example.com', 'OPTIONS', { host: 'example.com', port: 80, path: '*' }],
    ['http://example.com:/', 'OPTIONS', { host: 'example.com', port: 80, path: '/' }],
  ])('%s of %s is taken apart, and its path stays as it is', (url, method, target) => {
    expect(parseAbsoluteUrl(url, method)).toEqual(target);
  });

  it.each([
    '/',
    '*',
    'example.com:80',
    'https://example.com/',
    'ftp://example.com/',
    'http://',
    'http:///x',
    'http://a b/',
    'http://me:x@a/',
  ])('%j is invalid', (url) => {
    expect(parseAbsoluteUrl(url, 'GET')).toEqual(expect.any(String));
  });
});

describe('the fields of a message', () => {
  it('are passed on without those of the connection, in their order and case (RFC 9110 section 7.6.1)', () => {
    const raw = ['Accept', '*/*', 'connection', 'X-Mine, keep-alive', 'X-mine', '1', 'TE', 'trailers', 'Keep-Alive', 'timeout=5'];
    const more = ['Upgrade', 'h2c', 'Proxy-Authorization', 'Basic eDp5', 'Proxy-Connection', 'close', 'x-Two', '1', 'X-Two', '2'];
    expect(endToEnd([...raw, ...more, 'Transfer-Encoding', 'chunked'])).toEqual(['Accept', '*/*', 'x-Two', '1', 'X-Two', '2']);
  });

  it('keep what frames the message, whatever Connection names', () => {
    const raw = ['Host', 'a', 'Content-Length', '3', 'Connection', 'host, content-length, close'];
    expect(endToEnd(raw)).toEqual(['Host', 'a', 'Content-Length', '3']);
  });

  it('tell that a request has come by this way before', () => {
    expect(hasCome(['Via', '1.0 fred, 1.1 me (comment)'], 'me')).toBe(true);
    expect(hasCome(['via', '1.1 menot', 'X', '1.1 me'], 'me')).toBe(false);
  });
});

describe('credentials', () => {
  it('are those of one of the users', () => {
    const verify = verifier(['me:secret', 'you:a:b', 'empty:']);
    const known = (username: string, password: string) => verify({ username, password });
    expect([known('me', 'secret'), known('you', 'a:b'), known('empty', '')]).toEqual([true, true, true]);
    expect([known('me', 'secre'), known('me', 'secret '), known('ME', 'secret'), known('', ''), known('you:a', 'b')]).toEqual(
      Array(5).fill(false),
    );
  });

  it.each([
    ['Basic bWU6c2VjcmV0', { username: 'me', password: 'secret' }],
    ['basic   bWU6YTpi ', { username: 'me', password: 'a:b' }],
    ['Basic bWU=', undefined],
    ['Basic', undefined],
    ['Basic !!', undefined],
    ['Bearer bWU6c2VjcmV0', undefined],
    [undefined, undefined],
  ])('are read from %j', (field, given) => {
    expect(parseBasic(field)).toEqual(given);
  });
});

describe('the rate of a client', () => {
  it('fills up with time, and holds the requests of one second', () => {
    const may = rateLimit(2);
    expect([0, 0, 0, 400, 500, 500, 10_000, 10_000, 10_000].map((now) => may('192.0.2.1', now))).toEqual([
      ...[true, true, false, false, true, false],
      ...[true, true, false],
    ]);
    expect(may('192.0.2.2', 500)).toBe(true);
  });

  it('is one for an IPv6 network, whose members choose their addresses', () => {
    const may = rateLimit(1);
    expect(may('2001:db8:0:1::1', 0)).toBe(true);
    expect(may('2001:db8:0:1:2:3:4:5', 0)).toBe(false);
    expect(may('2001:db8:0:2::1', 0)).toBe(true);
    expect(may('::1', 0)).toBe(true);
    expect(may('fe80::1%eth0', 0)).toBe(true);
  });

  it('is not kept in mind for more than 10,000 clients', () => {
    const may = rateLimit(1);
    expect(may('192.0.2.1', 0)).toBe(true);
    for (let i = 0; i < 10_000; i++) may(`10.0.${i >> 8}.${i & 255}`, 0);
    expect(may('192.0.2.1', 0)).toBe(true);
  });
});

describe('subnets', () => {
  it('are addresses with or without a prefix', () => {
    const list = subnets('options.allow', ['192.0.2.0/24', '2001:db8::1']);
    expect([list.check('192.0.2.77'), list.check('192.0.3.1'), list.check('2001:db8::1', 'ipv6')]).toEqual([true, false, true]);
  });

  it.each(['x', '192.0.2.0/33', '192.0.2.0/', '192.0.2.0/8/8', '::/129', 'fe80::1%eth0', '192.0.2.0/-1'])(
    '%j is invalid',
    (text) => {
      expect(() => subnets('options.allow', [text])).toThrow(/"options.allow" must be an IP address/);
    },
  );

  it('of loopback are this machine alone', () => {
    expect(['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1', 'localhost', 'a.localhost'].map(isLoopback)).toEqual(
      Array(6).fill(true),
    );
    expect(['0.0.0.0', '::', '192.0.2.1', 'example.com', 'localhost.example'].map(isLoopback)).toEqual(Array(5).fill(false));
  });
});
