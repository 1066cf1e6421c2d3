import { once } from 'node:events';
import net from 'node:net';
import tls, { TLSSocket } from 'node:tls';
import { hasConnection } from '../../src/stand-in/has-connection.js';
import { tcpServer } from '../support/fixtures.js';

const sockets: net.Socket[] = [];
const keep = <S extends net.Socket>(socket: S): S => {
  sockets.push(socket.on('error', () => undefined));
  return socket;
};
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});

const lookup = () => undefined;
const destroyed = <S extends net.Socket>(socket: S): S => socket.destroy();

describe('a socket', () => {
  it.each<readonly [what: string, create: () => net.Socket, expected: boolean]>([
    ['that is new', () => new net.Socket(), false],
    ['that connects', () => net.connect({ host: 'h.example', port: 1, lookup }), true],
    ['that is destroyed', () => destroyed(net.connect({ host: 'h.example', port: 1, lookup })), false],
    ['for TLS that is new', () => new TLSSocket(undefined as never), false],
    ['for TLS that connects', () => tls.connect({ host: 'h.example', port: 1, lookup }), false],
    ['for TLS that is destroyed', () => destroyed(tls.connect({ host: 'h.example', port: 1, lookup })), false],
    ['for TLS over another socket', () => tls.connect({ socket: keep(new net.Socket()) }), true],
  ])('%s: %#', (_what, create, expected) => {
    expect(hasConnection(keep(create()))).toBe(expected);
  });

  it('that is connected has a connection, until it is destroyed', async () => {
    const { port } = await tcpServer('127.0.0.1', 0);
    const socket = keep(net.connect(port, '127.0.0.1'));
    await once(socket, 'connect');
    expect(hasConnection(socket)).toBe(true);
    // Its handle is closed later than it is destroyed.
    const { _handle } = socket as never as { _handle: object };
    socket.destroy();
    Object.assign(socket, { _handle });
    expect(hasConnection(socket)).toBe(false);
    Object.assign(socket, { _handle: null });
  });
});
