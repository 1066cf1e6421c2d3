import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import tls from 'node:tls';
import { setTimeout as sleep } from 'node:timers/promises';
import { blackhole } from '../../src/cli/lab.js';
import { RaceSocket, staticResolver } from '../../src/index.js';
import { HttpAgent } from '../../src/stand-in/agent.js';
import { register, type StandInOptions } from '../../src/stand-in/register.js';
import { createAuthority, type Credentials } from '../support/certificates.js';
import { activeResources, leftOver, open, tcpServer, tlsServer } from '../support/fixtures.js';

const HOST = 'raced.example';
const SILENT = '::1';
const GOOD = '127.0.0.1';
const OTHER = '127.0.0.3';
const REFUSING = '127.0.0.2';

register()(); // importing it has registered already

const sockets: net.Socket[] = [];
const keep = <S extends net.Socket>(socket: S): S => {
  sockets.push(socket);
  return socket;
};
const undo: (() => void)[] = [];
afterEach(async () => {
  for (const undone of undo.splice(0).reverse()) undone();
  for (const socket of sockets.splice(0)) socket.destroy();
  await sleep(2);
});

const handleOf = (socket: net.Socket) => (socket as unknown as { _handle: object | null })._handle;
const giving = (...addresses: readonly string[]): net.LookupFunction => {
  const found = addresses.map((address) => ({ address, family: net.isIP(address) }));
  return (_host, { all }, callback) => {
    if (all) callback(null, found);
    else callback(null, found[0]!.address, found[0]!.family);
  };
};
const registered = (options: StandInOptions = {}) =>
  void undo.push(register({ connectionAttemptDelay: 20, history: false, ...options }));

let port: number;
let securePort: number;
let ca: string;
let credentials: Credentials;
let accepted: net.Socket[];

beforeAll(async () => {
  const authority = await createAuthority();
  ({ ca } = authority);
  credentials = await authority.issue([HOST]);
});

beforeEach(async () => {
  ({ port, accepted } = await open(tcpServer(GOOD, 0, (socket) => socket.on('error', () => undefined).end('hello'))));
  await open(blackhole(SILENT, port));
  ({ port: securePort } = await open(tlsServer(GOOD, 0, credentials)));
});

/** One that is told to connect, and the handle with which it was made. */
function begun(...addresses: readonly string[]) {
  const socket = keep(net.connect({ host: HOST, port, lookup: giving(...addresses) }));
  return { socket, handle: handleOf(socket) };
}

describe('the handle that a socket was made with', () => {
  beforeEach(() => {
    registered();
  });

  it('is the one that it keeps where the first address connects', async () => {
    const { socket, handle } = begun(GOOD, OTHER);
    await once(socket, 'ready');
    expect(handleOf(socket)).toBe(handle);
    expect(await socket.toArray()).toEqual([Buffer.from('hello')]);
  });

  it('is the one that a TLS socket keeps where the first address connects', async () => {
    const lookup = giving(GOOD, OTHER);
    const socket = keep(tls.connect({ host: HOST, servername: HOST, port: securePort, ca, lookup }));
    const handle = handleOf(socket);
    await once(socket, 'secureConnect');
    expect(handleOf(socket)).toBe(handle);
    expect(socket.authorized).toBe(true);
  });

  it('costs one connection, and one handle', async () => {
    const before = activeResources();
    const { socket } = begun(GOOD, OTHER);
    await once(socket, 'connectionAttempt');
    expect((activeResources().TCPSocketWrap ?? 0) - (before.TCPSocketWrap ?? 0)).toBeLessThanOrEqual(1);
    await once(socket, 'ready');
    expect(accepted).toHaveLength(1);
    socket.destroy();
    await once(socket, 'close');
    expect(await leftOver({ ...before, TCPSocketWrap: (before.TCPSocketWrap ?? 0) + 1 })).toEqual({});
  });

  it.each([
    ['refuses', REFUSING],
    ['is silent', SILENT],
  ])('is replaced where the first address %s', async (_how, first) => {
    const { socket, handle } = begun(first, GOOD);
    await once(socket, 'ready');
    expect(handleOf(socket)).not.toBe(handle);
    expect(socket.remoteAddress).toBe(GOOD);
    expect(await socket.toArray()).toEqual([Buffer.from('hello')]);
  });

  it('may be lost to the attempt’s time, and another address wins', async () => {
    registered({ attemptTimeout: 20, enabled: false });
    const { socket } = begun(SILENT, GOOD);
    const failed = once(socket, 'connectionAttemptFailed');
    await once(socket, 'ready');
    expect((await failed)[0]).toBe(SILENT);
    expect(await socket.toArray()).toEqual([Buffer.from('hello')]);
  });

  it.each(['tls', 'net'])('keeps an unreferenced %s socket unreferenced through all of that', async (module) => {
    registered({ attemptTimeout: 20, enabled: false });
    const [socket] = [
      module === 'net'
        ? begun(SILENT, GOOD).socket
        : keep(tls.connect({ host: HOST, servername: HOST, port: securePort, ca, lookup: giving(REFUSING, GOOD) })),
    ];
    socket.unref();
    await once(socket, module === 'net' ? 'ready' : 'secureConnect');
    const handle = handleOf(socket) as { hasRef: () => boolean; _parent?: { hasRef: () => boolean } };
    expect((handle._parent ?? handle).hasRef()).toBe(false);
  });

  it('has Node’s own error where it is refused', async () => {
    const { port: free, close } = await tcpServer(GOOD, 0);
    await close();
    const fail = async (host: string, lookup?: net.LookupFunction) => {
      const [error] = (await once(net.connect({ host, port: free, lookup }), 'error')) as [Error];
      return Object.assign({}, error, { message: error.message, name: error.name });
    };
    expect(await fail(HOST, giving(GOOD))).toEqual(await fail(GOOD));
  });

  it('connects no address that the socket’s own block list has', async () => {
    const blockList = new net.BlockList();
    blockList.addAddress(OTHER);
    const socket = keep(net.connect({ host: HOST, port, lookup: giving(OTHER, GOOD), blockList } as net.NetConnectOpts));
    const failed = jest.fn();
    socket.on(
      'connectionAttemptFailed',
      (...details: unknown[]) => void failed(details[0], (details[3] as { code: string }).code),
    );
    await once(socket, 'ready');
    // Node 20 knows of no such option.
    const isKnown = (socket as { blockList?: unknown }).blockList !== undefined;
    expect(failed.mock.calls).toEqual(isKnown ? [[OTHER, 'ERR_IP_BLOCKED']] : [[OTHER, 'ECONNREFUSED']]);
  });

  it('fails with a message where TLS was laid over it before another address won', async () => {
    const { socket } = begun(SILENT, GOOD);
    const error = once(socket, 'error');
    await once(socket, 'connectionAttempt');
    keep(tls.connect({ socket, servername: HOST })).on('error', () => undefined);
    const [{ code, message }] = (await error) as [NodeJS.ErrnoException];
    expect(code).toBe('ERR_SOCKET_HANDLE_IN_USE');
    expect(message).toContain(`the connection to ${GOOD} cannot be given to the socket`);
  });
});

/** What the interceptors of msw 2.15 and nock 14 do with a request that they let through. */
class Interceptor extends net.Socket {
  declare connecting: boolean;

  constructor(readonly passed: net.Socket) {
    super();
    const socket = passed;
    Object.defineProperty(this, '_handle', { value: handleOf(socket), enumerable: true, writable: true });
    this.connecting = true;
    socket
      .on('connect', () => {
        this.connecting = false;
        this.emit('connect');
      })
      .on('data', (chunk) => this.push(chunk))
      .on('end', () => this.push(null))
      .on('error', (error) => this.destroy(error));
    this.once('close', () => socket.destroy());
  }
}

describe('an interceptor that has copied the handle', () => {
  it.each([
    ['answers', [GOOD, OTHER]],
    ['refuses', [REFUSING, GOOD]],
    ['is silent', [SILENT, GOOD]],
  ])('reads what is sent where the first address %s', async (_how, addresses) => {
    registered();
    const interceptor = keep(new Interceptor(begun(...addresses).socket));
    expect(await interceptor.toArray()).toEqual([Buffer.from('hello')]);
  });

  it('reads what is sent to an agent', async () => {
    const server = http.createServer((_request, response) => response.end('answer')).listen(0, GOOD);
    await once(server, 'listening');
    undo.push(() => server.close());
    const agent = new HttpAgent({ race: { resolver: staticResolver([GOOD]) } });
    const own = agent.createConnection.bind(agent);
    agent.createConnection = (options, created) => keep(new Interceptor(own(options, created) as net.Socket));
    const socket = agent.createConnection({ host: HOST, port: (server.address() as net.AddressInfo).port }) as Interceptor;
    socket.on('error', () => undefined);
    const text = new Promise((resolve) => socket.once('data', (chunk) => resolve(String(chunk))));
    socket.passed.write('GET / HTTP/1.0\r\n\r\n');
    expect(await text).toContain('answer');
  });
});

describe('a look-up that is called for another socket', () => {
  /** What nock 15 does: the socket is never connected; another one, made with the same options, is. */
  const intercepting = (made: net.Socket[]) => {
    const connect = Reflect.get(net.Socket.prototype, 'connect');
    net.Socket.prototype.connect = function (this: net.Socket, ...given: unknown[]) {
      const options = (Array.isArray(given[0]) ? given[0][0] : given[0]) as net.TcpNetConnectOpts;
      setImmediate(() => {
        const other = keep(new net.Socket()).on('error', () => undefined);
        made.push(Reflect.apply(connect, other, [options]) as net.Socket);
      });
      return this;
    };
    undo.push(() => {
      net.Socket.prototype.connect = connect;
    });
  };
  const connected = async (made: readonly net.Socket[]) => {
    while (made.length === 0) await sleep(2);
    const [socket] = made as [net.Socket];
    if (socket.connecting) await once(socket, 'connect');
    return socket.remoteAddress;
  };
  const options = () => ({ host: HOST, port, lookup: giving(SILENT, GOOD) });

  it('is answered with the address that wins, under `register`', async () => {
    const made: net.Socket[] = [];
    intercepting(made);
    registered();
    keep(net.connect(options()));
    expect(await connected(made)).toBe(GOOD);
  });

  it('is answered with the address that wins, of a RaceSocket', async () => {
    const made: net.Socket[] = [];
    intercepting(made);
    const race = { connectionAttemptDelay: 20, history: false as const };
    keep(new RaceSocket({ race }).connect(options()));
    expect(await connected(made)).toBe(GOOD);
  });

  it('is answered with the address that wins, of an agent', async () => {
    const made: net.Socket[] = [];
    intercepting(made);
    const agent = new HttpAgent({
      race: { connectionAttemptDelay: 20, resolver: staticResolver([SILENT, GOOD]), history: false },
    });
    agent.createConnection({ host: HOST, port });
    expect(await connected(made)).toBe(GOOD);
  });

  it('is answered with the error of a race that is lost', async () => {
    const made: net.Socket[] = [];
    intercepting(made);
    registered();
    keep(net.connect({ ...options(), lookup: giving(REFUSING, '127.0.0.4') }));
    while (!made[0]?.errored) await sleep(2);
    expect((made[0].errored as NodeJS.ErrnoException).code).toBe('ECONNREFUSED');
  });

  it('is answered for all addresses where it is asked for all', async () => {
    let seen!: net.LookupFunction;
    const connect = jest.spyOn(net.Socket.prototype, 'connect').mockImplementation(function (this: net.Socket, options) {
      seen = (options as unknown as net.TcpNetConnectOpts).lookup!;
      return this;
    });
    undo.push(() => connect.mockRestore());
    const race = { resolver: staticResolver([SILENT, GOOD]), connectionAttemptDelay: 20, history: false as const };
    new RaceSocket({ race }).connect({ host: HOST, port });
    const answer = await new Promise((resolve) => seen(HOST, { all: true }, (...given) => resolve(given)));
    expect(answer).toEqual([null, [{ address: GOOD, family: 4 }]]);
  });
});

describe('instrumentation', () => {
  const watched = () => {
    const seen: unknown[] = [];
    const see = (message: unknown) => void seen.push((message as { socket: net.Socket }).socket);
    subscribe('net.client.socket', see);
    undo.push(() => unsubscribe('net.client.socket', see));
    return seen;
  };
  /** Instrumentation of `connect`, as OpenTelemetry’s. */
  const wrapped = () => {
    const seen: net.Socket[] = [];
    const connect = Reflect.get(net.Socket.prototype, 'connect');
    net.Socket.prototype.connect = function (this: net.Socket, ...given: unknown[]) {
      seen.push(this);
      return Reflect.apply(connect, this, given) as net.Socket;
    };
    undo.push(() => {
      net.Socket.prototype.connect = connect;
    });
    return seen;
  };

  it.each([
    ['answers', [GOOD, OTHER]],
    ['refuses', [REFUSING, GOOD]],
    ['is silent', [SILENT, GOOD]],
  ])('of the channel `net.client.socket` sees the socket alone where the first address %s', async (_how, addresses) => {
    const seen = watched();
    registered();
    const { socket } = begun(...addresses);
    await once(socket, 'ready');
    // Node 20 has none.
    expect(seen.every((one) => one === socket)).toBe(true);
    expect(seen).toHaveLength(Number(process.versions.node.split('.')[0]) < 22 ? seen.length : 1);
  });

  it.each(['before', 'after'])('of `connect` that was loaded %s the registration sees the socket alone', async (when) => {
    let seen: readonly net.Socket[] = [];
    if (when === 'before') seen = wrapped();
    registered();
    if (when === 'after') seen = wrapped();
    const { socket } = begun(SILENT, REFUSING, GOOD);
    await once(socket, 'ready');
    expect(seen).toEqual([socket]);
  });

  it('sees nothing of the attempts of a RaceSocket', async () => {
    const seen = wrapped();
    const socket = keep(new RaceSocket({ race: { connectionAttemptDelay: 20, history: false } }));
    socket.connect({ host: HOST, port, lookup: giving(SILENT, GOOD) });
    await once(socket, 'ready');
    expect(seen).toEqual([socket]);
  });
});

describe('events', () => {
  it('`lookup` comes once for each address, however often it is found', async () => {
    registered();
    const { socket } = begun(GOOD, OTHER, GOOD);
    const addresses: unknown[] = [];
    socket.on('lookup', (_error, address) => addresses.push(address));
    await once(socket, 'ready');
    expect(addresses).toEqual([GOOD, OTHER]);
  });

  it('`connectionAttemptTimeout` comes once, when the next begins, and not for one that has failed', async () => {
    registered();
    const { socket } = begun(SILENT, REFUSING, GOOD);
    const diary: string[] = [];
    for (const event of ['connectionAttempt', 'connectionAttemptFailed', 'connectionAttemptTimeout'])
      socket.on(event, (address: string) => diary.push(`${event} ${address}`));
    await once(socket, 'ready');
    expect(diary).toEqual([
      `connectionAttempt ${SILENT}`,
      `connectionAttemptTimeout ${SILENT}`,
      `connectionAttempt ${REFUSING}`,
      `connectionAttemptFailed ${REFUSING}`,
      `connectionAttempt ${GOOD}`,
    ]);
    expect(socket.autoSelectFamilyAttemptedAddresses).toEqual([SILENT, REFUSING, GOOD].map((address) => `${address}:${port}`));
  });

  it('a socket that is destroyed in `connectionAttemptTimeout` reaches no server', async () => {
    registered();
    const { socket } = begun(SILENT, GOOD);
    socket.on('connectionAttemptTimeout', () => socket.destroy());
    await once(socket, 'close');
    await sleep(30);
    expect(accepted).toEqual([]);
  });
});
