import type { Socket } from 'node:net';
import { firstValueFrom, of, throwError } from 'rxjs';
import { servicePlaces, type Resolver, type ServiceRecord } from 'rx-happy-eyeballs';
import { httpConnect } from '../../examples/setup/http-connect.js';
import { serviceTunnel } from '../../examples/setup/service-tunnel.js';
import { socks5 } from '../../examples/setup/socks5.js';
import { tcpServer } from '../support/fixtures.js';

const HOST = 'origin.example';

/** A resolver that knows service records, and must not be asked for addresses. */
function recordsAlone(zone: Readonly<Record<string, readonly ServiceRecord[]>>): Resolver {
  const addresses = () => throwError(() => new Error('asked for addresses'));
  return Object.assign(addresses, {
    serviceRecords: (name: string) => of({ type: 'HTTPS' as const, records: zone[name] ?? [] }),
  });
}

/** Proxies that reach one place alone; `wanted`: where they were told to go. */
const proxies = {
  http: (wanted: string[], reached: string) => (socket: Socket) => {
    socket.once('data', (data: Buffer) => {
      const [, place] = /^CONNECT (\S+)/.exec(data.toString())!;
      wanted.push(place!);
      socket.write(place === reached ? 'HTTP/1.1 200 OK\r\n\r\n' : 'HTTP/1.1 502 Bad Gateway\r\n\r\n');
    });
  },
  socks: (wanted: string[], reached: string) => (socket: Socket) => {
    socket.once('data', () => {
      socket.write(Buffer.of(5, 0));
      socket.once('data', (data: Buffer) => {
        const length = data[4]!;
        const place = `${data.subarray(5, 5 + length).toString()}:${data.readUInt16BE(5 + length)}`;
        wanted.push(place);
        socket.write(Buffer.of(5, place === reached ? 0 : 4, 0, 1, 0, 0, 0, 0, 0, 0));
      });
    });
  },
};

const zone = {
  [HOST]: [{ priority: 0, target: 'svc.example' }],
  'svc.example': [
    { priority: 1, target: 'first.example', alpn: ['h2'], port: 8443 },
    { priority: 2, target: 'h3.example', alpn: ['h3'], noDefaultAlpn: true },
    { priority: 3, target: '.', alpn: ['h2'] },
  ],
};

describe('service records by a proxy', () => {
  it('[V16] servicePlaces asks for records alone: targets and ports, best first, then the end of the alias and the host', async () => {
    expect(await firstValueFrom(servicePlaces(HOST, 443, { resolver: recordsAlone(zone) }))).toEqual([
      { target: 'first.example', port: 8443, alpn: ['h2', 'http/1.1'] },
      { target: 'svc.example', port: 443, alpn: ['h2', 'http/1.1'] },
      { target: 'svc.example', port: 443, alpn: [] },
      { target: HOST, port: 443 },
    ]);
    expect(await firstValueFrom(servicePlaces(HOST, 8443, { resolver: recordsAlone({}) }))).toEqual([
      { target: HOST, port: 8443 },
    ]);
  });

  it.each([
    ['HTTP CONNECT', proxies.http, httpConnect],
    ['SOCKS5', proxies.socks, socks5],
  ])('[V16] %s: the proxy is told the targets and their ports, one after the other', async (_, proxy, tunnel) => {
    const wanted: string[] = [];
    const { port } = await tcpServer('127.0.0.1', 0, proxy(wanted, 'svc.example:443'));
    const socket = await firstValueFrom(
      serviceTunnel(HOST, 443, { host: '127.0.0.1', port, tunnel, resolver: recordsAlone(zone) }),
    );
    socket.destroy();
    expect(wanted.slice(0, 2)).toEqual(['first.example:8443', 'svc.example:443']);
  });
});
