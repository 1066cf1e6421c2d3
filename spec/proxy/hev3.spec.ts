import { asyncScheduler } from 'rxjs';
import { staticResolver, tcp, type Endpoint } from '../../src/index.js';
import { tcpServer } from '../support/fixtures.js';
import { exchange, startProxy } from '../support/proxy.js';
import { record, zoneResolver, type ServiceZone } from '../support/service-zone.js';

const HOST = 'web.example';

const connect = (port: number) => `CONNECT ${HOST}:${port} HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`;

describe('by way of the proxy', () => {
  it('HTTPS records lead a tunnel to their target and port, and not a request of plain HTTP', async () => {
    const secure = await tcpServer('127.0.0.1', 0, (socket) => socket.end('by the record'));
    const plain = await tcpServer('127.0.0.1', 0, (socket) =>
      socket.end('HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nplain'),
    );
    const zone: ServiceZone = {
      [HOST]: { A: [1, '127.0.0.1'], AAAA: [1], HTTPS: [1, record(1, 'alt.example', { port: secure.port })] },
      'alt.example': { A: [1, '127.0.0.1'], AAAA: [1] },
    };
    const proxy = await startProxy({
      race: { resolver: zoneResolver(zone, asyncScheduler), serviceRecords: { scheme: 'https' }, cache: false },
    });
    expect(await exchange(proxy.port, connect(443))).toMatch(
      new RegExp(`^HTTP/1\\.1 200 [^]*next-hop="127\\.0\\.0\\.1:${secure.port}"\\r\\n\\r\\nby the record$`),
    );
    expect(await proxy.event('connected')).toMatchObject({ endpoint: { port: secure.port, service: { target: 'alt.example' } } });
    const request = `GET http://${HOST}:${plain.port}/ HTTP/1.1\r\nHost: ${HOST}\r\nConnection: close\r\n\r\n`;
    expect(await exchange(proxy.port, request)).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*plain$/);
  });

  it('NAT64 reaches what has IPv4 addresses alone, and the next hop is that of the network', async () => {
    const { port } = await tcpServer('127.0.0.1', 0, (socket) => socket.end('by NAT64'));
    const dialled: Endpoint[] = [];
    const connectTo = tcp({ allowHalfOpen: true });
    const proxy = await startProxy({
      race: {
        resolver: staticResolver({ [HOST]: '192.0.2.1' }),
        nat64: { prefixes: ['64:ff9b::/96'] },
        // This machine has no NAT64: what would go there goes to the server.
        transport: (endpoint) => {
          dialled.push(endpoint);
          return connectTo({ ...endpoint, address: '127.0.0.1', family: 4 });
        },
      },
    });
    expect(await exchange(proxy.port, connect(port))).toMatch(
      new RegExp(`^HTTP/1\\.1 200 [^]*next-hop="\\[64:ff9b::c000:201\\]:${port}"\\r\\n\\r\\nby NAT64$`),
    );
    expect(dialled).toMatchObject([{ address: '64:ff9b::c000:201', family: 6 }]);
    expect(await proxy.event('connected')).toMatchObject({ endpoint: { address: '192.0.2.1' } });
  });
});
