import { Socket } from 'node:net';
import { connect, TLSSocket } from 'node:tls';
import { findTlsInternals, securable, type InnerTlsSocket } from '../../src/stand-in/tls-internals.js';

type Loose = Record<string | symbol, unknown>;

const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});

/** A socket from `tls.connect` that waits for its look-up. */
function waiting(options: object = {}): TLSSocket {
  const socket = connect({ host: 'h.example', port: 1, lookup: () => undefined, ...options });
  socket.on('error', () => undefined);
  sockets.push(socket);
  return socket;
}

const loose = (object: object) => object as Loose;
const inner = (socket: TLSSocket) => socket as unknown as InnerTlsSocket;
const handleOf = (socket: TLSSocket) => loose(inner(socket)._handle!);
const symbolOf = (object: object, name: string) =>
  Object.getOwnPropertySymbols(object).find(({ description }) => description === name)!;

describe('a socket of tls.connect', () => {
  // First: the internals are looked for until they are found, and kept from then on.
  it('without one of the internals has no handshake of its own, and one with them has', () => {
    const broken = waiting();
    Reflect.deleteProperty(broken, symbolOf(broken, 'pendingSession'));
    expect(securable(broken)).toBeUndefined();
    const socket = waiting();
    expect(securable(socket)).toBeDefined();
  });

  it('is securable with what Node has in it', () => {
    const socket = waiting();
    const mine = () => undefined;
    socket.prependListener('secure', mine).prependListener('end', mine);
    const { internals, listeners, options, ...rest } = securable(socket)!;
    expect(rest.socket).toBe(socket);
    expect(rest.self).toBe(socket);
    expect(internals).toEqual({
      owner: symbolOf(handleOf(socket), 'owner_symbol'),
      handle: symbolOf(socket, 'res'),
      connectOptions: symbolOf(socket, 'connect-options'),
      pendingSession: symbolOf(socket, 'pendingSession'),
    });
    expect(listeners.secured).toHaveProperty('name', 'onConnectSecure');
    expect(listeners.ended).toHaveProperty('name', 'onConnectEnd');
    expect(options).toMatchObject({ host: 'h.example', port: 1 });
  });

  const changes: readonly (readonly [what: string, change: (socket: TLSSocket) => unknown])[] = [
    ['without the listener that verifies the certificate', (socket) => socket.removeAllListeners('secure')],
    ['without the listener for an early end', (socket) => socket.removeAllListeners('end')],
    ['with another _wrapHandle', (socket) => (loose(socket)._wrapHandle = () => undefined)],
    ['with another _init', (socket) => (loose(socket)._init = () => undefined)],
    ['with another _finishInit', (socket) => (loose(socket)._finishInit = () => undefined)],
    ['without the options of tls.connect', (socket) => (loose(socket)[symbolOf(socket, 'connect-options')] = undefined)],
    ['over a pipe', (socket) => (loose(inner(socket)._tlsOptions).pipe = true)],
    ['without a secure context', (socket) => (loose(inner(socket)._tlsOptions).secureContext = undefined)],
    ['whose handle is of another', (socket) => (handleOf(socket)[symbolOf(handleOf(socket), 'owner_symbol')] = waiting())],
    ['with a second handle', (socket) => (loose(socket)[symbolOf(socket, 'res')] = handleOf(waiting()))],
    ['that is destroyed', (socket) => socket.destroy()],
  ];
  it.each(changes)('%s is not', (_what, change) => {
    const socket = waiting();
    change(socket);
    expect(securable(socket)).toBeUndefined();
  });
});

describe('another socket', () => {
  it('is not securable: of net', () => {
    expect(securable(new Socket())).toBeUndefined();
  });

  it('is not securable: of the class, without tls.connect', () => {
    const socket = new TLSSocket(undefined as never);
    sockets.push(socket);
    expect(securable(socket)).toBeUndefined();
  });

  it('is not securable: over a pipe', () => {
    expect(securable(waiting({ path: '/nowhere/at/all' }))).toBeUndefined();
  });
});

describe('the internals', () => {
  const [owner, res, options, session] = ['owner_symbol', 'res', 'connect-options', 'pendingSession'].map((name) => Symbol(name));
  const nothing = () => undefined;

  /** A socket with all of them, by hand. */
  function whole() {
    const handle: Loose = {
      ...{ start: nothing, readStart: nothing, requestOCSP: nothing, onhandshakedone: nothing, onread: nothing },
      [Symbol('other')]: 0,
      [owner!]: 0,
    };
    const socket: Loose = {
      ...{ _handle: handle, _wrapHandle: nothing, _init: nothing, _finishInit: nothing },
      ...{ [Symbol('other')]: 0, [res!]: 0, [options!]: 0, [session!]: 0 },
    };
    return { handle, socket };
  }
  const found = (socket: Loose) => findTlsInternals(socket as unknown as TLSSocket);

  it('are found by their names', () => {
    const expected = { owner, handle: res, connectOptions: options, pendingSession: session };
    expect(found(whole().socket)).toEqual(expected);
  });

  it.each(['start', 'readStart', 'requestOCSP', 'onhandshakedone', 'onread', owner!])(
    'are not found without %p of the handle',
    (name) => {
      const { handle, socket } = whole();
      Reflect.deleteProperty(handle, name);
      expect(found(socket)).toBeUndefined();
    },
  );

  it.each(['_wrapHandle', '_init', '_finishInit', '_handle', res!, options!, session!])(
    'are not found without %p of the socket',
    (name) => {
      const { socket } = whole();
      Reflect.deleteProperty(socket, name);
      expect(found(socket)).toBeUndefined();
    },
  );
});
