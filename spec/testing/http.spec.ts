import http from 'node:http';
import type { Socket } from 'node:net';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { connect } from '../../src/index.js';
import { connects, hangs, virtualNetwork } from '../../src/testing/index.js';

const six = '2001:db8::6',
  four = '192.0.2.4';

it('Node’s own HTTP client and server talk over the sockets of a virtual network', async () => {
  const server = http.createServer((request, response) => {
    void text(request).then((body) => response.end(`${request.method} ${request.url} ${body}`));
  });
  const served = connects(40, (socket) => server.emit('connection', socket)).latency(30);
  const network = virtualNetwork({ dns: [six, four], endpoints: { [six]: hangs(), [four]: served } });

  const post = async (socket: Socket, path: string) => {
    const request = http.request({ method: 'POST', path, createConnection: () => socket, headers: { connection: 'close' } });
    request.end('a body');
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    return text(response);
  };
  const report = await network.settle(async () => post(await connect('example.com', 80, network), '/path'));
  expect(report.error).toBeUndefined();
  expect(report).toMatchObject({ value: 'POST /path a body', winner: four, finish: 350, leaks: [] });
});
