import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { RaceContext } from '../../src/index.js';
import { proxy$, type ProxyOptions } from '../../src/proxy/index.js';
import { checkProxyOptions } from '../../src/proxy/options.js';
import { tcpServer } from '../support/fixtures.js';
import { exchange, startProxy } from '../support/proxy.js';

describe('the options of a proxy', () => {
  it('have defaults', () => {
    expect(checkProxyOptions({})).toEqual({
      host: '127.0.0.1',
      port: 8118,
      race: {},
      publicOnly: false,
      maxConnections: 10_000,
      maxHeaderSize: 16_384,
      headerTimeout: 10_000,
      idleTimeout: 600_000,
      clientRate: Infinity,
    });
    expect(checkProxyOptions({ listen: undefined, auth: undefined }).port).toBe(8118);
  });

  it.each<[ProxyOptions['listen'], string, number]>([
    ['127.0.0.1:0', '127.0.0.1', 0],
    ['[::1]:3128', '::1', 3128],
    ['::1', '::1', 8118],
    ['localhost', 'localhost', 8118],
    ['localhost:1', 'localhost', 1],
    ['3128', '127.0.0.1', 3128],
    [':3128', '127.0.0.1', 3128],
    [{ port: 1 }, '127.0.0.1', 1],
    [{ host: '::1' }, '::1', 8118],
  ])('listen at %j', (listen, host, port) => {
    expect(checkProxyOptions({ listen })).toMatchObject({ host, port, publicOnly: false });
  });

  it('are public addresses alone beyond loopback, unless it says otherwise', () => {
    const listen = '0.0.0.0:0';
    expect(checkProxyOptions({ listen, allow: '192.0.2.0/24' }).publicOnly).toBe(true);
    expect(checkProxyOptions({ listen, auth: 'me:secret' }).publicOnly).toBe(true);
    expect(checkProxyOptions({ listen, auth: 'me:secret', publicOnly: false }).publicOnly).toBe(false);
    expect(checkProxyOptions({ publicOnly: true }).publicOnly).toBe(true);
  });

  it.each(['0.0.0.0:0', '[::]:0', '192.0.2.1:0', 'example.com:0', { host: '0.0.0.0' }])(
    'say who may use it where it listens at %j',
    (listen) => {
      expect(() => proxy$({ listen })).toThrow(
        /"options\.listen" is beyond loopback: say who may use the proxy with options\.auth or options\.allow/,
      );
    },
  );

  it.each<[string, unknown, string]>([
    ['listen', 5, 'ERR_INVALID_ARG_TYPE'],
    ['listen', '', 'ERR_INVALID_ARG_VALUE'],
    ['listen', 'a b:1', 'ERR_INVALID_ARG_VALUE'],
    ['listen', '[localhost]:1', 'ERR_INVALID_ARG_VALUE'],
    ['listen', { port: 65_536 }, 'ERR_OUT_OF_RANGE'],
    ['auth', 'secret', 'ERR_INVALID_ARG_VALUE'],
    ['auth', ':secret', 'ERR_INVALID_ARG_VALUE'],
    ['auth', [], 'ERR_INVALID_ARG_VALUE'],
    ['allow', 'x', 'ERR_INVALID_ARG_VALUE'],
    ['allow', [], 'ERR_INVALID_ARG_TYPE'],
    ['publicOnly', 1, 'ERR_INVALID_ARG_TYPE'],
    ['race', 1, 'ERR_INVALID_ARG_TYPE'],
    ['race', { connectTimeout: 0 }, 'ERR_OUT_OF_RANGE'],
    ['route', {}, 'ERR_INVALID_ARG_TYPE'],
    ['maxConnections', 0, 'ERR_OUT_OF_RANGE'],
    ['maxHeaderSize', 511, 'ERR_OUT_OF_RANGE'],
    ['headerTimeout', 0, 'ERR_OUT_OF_RANGE'],
    ['idleTimeout', -1, 'ERR_OUT_OF_RANGE'],
    ['clientRate', 0, 'ERR_OUT_OF_RANGE'],
    ['drain', {}, 'ERR_INVALID_ARG_TYPE'],
    ['connections', 1, 'ERR_INVALID_ARG_VALUE'],
  ])('must make sense: not %s %j', (name, value, code) => {
    const options = { [name]: value };
    expect(() => proxy$(options)).toThrow(expect.objectContaining({ code }));
    try {
      proxy$(options).subscribe().unsubscribe();
    } catch (error) {
      expect((error as Error).message).not.toContain('secret');
    }
  });
});

describe('the races of a proxy', () => {
  it('are seen as all races are, by OpenTelemetry and Prometheus too', async () => {
    const seen: RaceContext[] = [];
    const see = (message: unknown) => void seen.push(message as RaceContext);
    subscribe('tracing:rx-happy-eyeballs:race:asyncEnd', see);
    try {
      const { port } = await tcpServer('127.0.0.1', 0, (socket) => socket.end('hello'));
      const proxy = await startProxy();
      await exchange(proxy.port, `CONNECT 127.0.0.1:${port} HTTP/1.1\r\nHost: a\r\n\r\n`);
      expect(seen).toMatchObject([{ host: '127.0.0.1', port, outcome: 'connected' }]);
    } finally {
      unsubscribe('tracing:rx-happy-eyeballs:race:asyncEnd', see);
    }
  });
});
