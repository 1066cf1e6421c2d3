import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import http2 from 'node:http2';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import tls, { type TLSSocket } from 'node:tls';
import { HttpAgent } from '../../src/stand-in/agent.js';
import { register } from '../../src/stand-in/registration.js';
import { blackhole, type Fixture } from '../../src/cli/lab.js';
import { connect, RaceSocket, staticResolver, type Resolver } from '../../src/index.js';
import { createAuthority, type Credentials } from '../support/certificates.js';
import { runCommand } from '../support/dist.js';
import { activeResources, leftOver, listenerCounts, listen, open, tlsServer } from '../support/fixtures.js';

const SILENT = '::1';
const GOOD = '127.0.0.1';
const HOST = 'raced.example';

// Most of it starts processes, on a machine that may be busy.
jest.setTimeout(15_000);

let ca: string;
let credentials: Credentials;
let folder: string;
/** Of HTTP, and of HTTPS with HTTP/2; `localhost` has a silent address on both. */
let plainPort: number;
let securePort: number;
const lab: Fixture[] = [];

async function keep(server: net.Server): Promise<number> {
  const fixture = await listen(server);
  lab.push(fixture, await blackhole(SILENT, fixture.port));
  return fixture.port;
}

beforeAll(async () => {
  const authority = await createAuthority();
  ({ ca } = authority);
  credentials = await authority.issue(['localhost', HOST]);
  folder = mkdtempSync(join(tmpdir(), 'register-'));
  writeFileSync(join(folder, 'ca.pem'), ca);
  plainPort = await keep(http.createServer((_request, response) => void response.end('hello')));
  const secure = http2.createSecureServer({ ...credentials, allowHTTP1: true }, (_request, response) => response.end('hello'));
  securePort = await keep(secure);
});

afterAll(async () => {
  await Promise.all(lab.map((fixture) => fixture.close()));
  rmSync(folder, { recursive: true });
});

/** Runs Node with a program over the built package, and with options of the registration. */
function run(options: string | object, ...args: readonly string[]) {
  const variable = `RX_HAPPY_EYEBALLS=${typeof options === 'string' ? options : JSON.stringify(options)}`;
  return runCommand('env', variable, `NODE_EXTRA_CA_CERTS=${join(folder, 'ca.pem')}`, process.execPath, ...args).ended;
}

/** Node itself would wait for the silent address for a minute. */
const PATIENT = `net.setDefaultAutoSelectFamilyAttemptTimeout(60_000);`;
const FAST = { connectionAttemptDelay: 20, history: false };

/** Tries all that connects, and prints who has won. */
const clients = () => `
  ${PATIENT}
  const [plain, secure] = [{ host: 'localhost', port: ${plainPort} }, { host: 'localhost', port: ${securePort} }];
  const tried = (socket) => socket.autoSelectFamilyAttemptedAddresses?.length + ', and then ' + socket.remoteAddress;
  const connected = (socket, event = 'connect') =>
    new Promise((resolve, reject) => socket.on(event, () => {
      resolve(tried(socket));
      socket.destroy();
    }).on('error', reject));
  const answered = (request) =>
    new Promise((resolve, reject) => request.on('response', (response) => {
      resolve(tried(response.socket));
      response.resume();
    }).on('error', reject));
  const multiplexed = (session) =>
    new Promise((resolve, reject) => {
      const stream = session.on('error', reject).request({ ':path': '/' });
      stream.on('response', () => {
        resolve(tried(session.socket));
        session.close();
      }).resume().end();
    });
  const dialled = new Map();
  require('node:diagnostics_channel').subscribe('undici:client:connected', ({ connectParams, socket }) => {
    dialled.set(connectParams.protocol, tried(socket));
  });
  const fetched = async (url) => {
    await (await fetch(url)).text();
    return dialled.get(new URL(url).protocol);
  };
  const attempts = {
    'net.connect': () => connected(net.connect(plain)),
    'connect of net, imported by name': () => connected(connect(plain.port, 'localhost')),
    'createConnection of net, imported by name': () => connected(createConnection(plain)),
    'Socket of net, imported by name': () => connected(new Socket().connect(plain.port)),
    'tls.connect': () => connected(tls.connect(secure), 'secureConnect'),
    'http.get': () => answered(http.get({ ...plain, agent: false })),
    'https.get': () => answered(https.get({ ...secure, agent: false })),
    'http2.connect': () => multiplexed(http2.connect('http' + 's://localhost:' + secure.port)),
    'fetch of http': () => fetched('http://localhost:' + plain.port),
    'fetch of https': () => fetched('https://localhost:' + secure.port),
  };
  const deadline = setTimeout(() => (console.log('too late'), process.exit(1)), 8000);
  Promise.all(Object.entries(attempts).map(async ([name, attempt]) => [name, await attempt()])).then((results) => {
    console.log(JSON.stringify(Object.fromEntries(results)));
    clearTimeout(deadline);
    process.exit();
  });
`;

const NAMES = ['net', 'tls', 'http', 'https', 'http2'] as const;
const asModule = (program: string) => `
  import { createRequire } from 'node:module';
  const require = createRequire(process.cwd() + '/program.js');
  ${NAMES.map((name) => `import ${name} from 'node:${name}';`).join('\n')}
  import { connect, createConnection, Socket } from 'node:net';
  ${program}
`;
const asScript = (program: string) => `
  const { connect, createConnection, Socket } = require('node:net');
  ${NAMES.map((name) => `const ${name} = require('node:${name}');`).join('\n')}
  ${program}
`;

describe('a process that was started with the registration', () => {
  const won = `2, and then ${GOOD}`;
  const everybody = {
    'net.connect': won,
    'connect of net, imported by name': won,
    'createConnection of net, imported by name': won,
    'Socket of net, imported by name': won,
    'tls.connect': won,
    'http.get': won,
    'https.get': won,
    'http2.connect': won,
    'fetch of http': won,
    'fetch of https': won,
  };

  it('by --import wins past a silent address, whatever connects', async () => {
    const program = asModule(clients());
    const { status, stdout, stderr } = await run(FAST, '--import', './dist/register.mjs', '--input-type=module', '-e', program);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(JSON.parse(stdout)).toEqual(everybody);
  });

  it('by -r wins past a silent address, whatever connects', async () => {
    const { status, stdout, stderr } = await run(FAST, '-r', './dist/register.cjs', '-e', asScript(clients()));
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(JSON.parse(stdout)).toEqual(everybody);
  });

  it('does what would not work without it', async () => {
    const program = asScript(`
      ${PATIENT}
      const lookup = (_host, _options, callback) =>
        callback(null, ['${SILENT}', '${GOOD}'].map((address) => ({ address, family: net.isIP(address) })));
      const socket = net.connect({ port: ${plainPort}, host: '${HOST}', lookup }, () => {
        console.log('connected');
        process.exit();
      });
      setTimeout(() => process.exit(), 500);
    `);
    const [without, registered] = await Promise.all([
      run(FAST, '-e', program),
      run(FAST, '-r', './dist/register.cjs', '-e', program),
    ]);
    expect([without.stdout, registered.stdout]).toEqual(['', 'connected\n']);
  });

  it('reaches its workers', async () => {
    const file = join(folder, 'worker.cjs');
    writeFileSync(
      file,
      `const net = require('node:net');
      ${PATIENT}
      const socket = net.connect(${plainPort}, 'localhost', () => {
        require('node:worker_threads').parentPort.postMessage(socket.autoSelectFamilyAttemptedAddresses.length);
        socket.destroy();
      });`,
    );
    const main = join(folder, 'main.cjs');
    writeFileSync(
      main,
      `const { Worker } = require('node:worker_threads');
      new Worker(${JSON.stringify(file)}).on('message', (message) => console.log(message));
      setTimeout(() => process.exit(1), 5000).unref();`,
    );
    const ran = await run(FAST, '--import', './dist/register.mjs', main);
    expect(ran).toEqual({ status: 0, stdout: '2\n', stderr: '' });
  });

  // In a process of its own: with Node's own choice of families, the same ends the process by a segmentation fault.
  it('lets TLS be laid over a socket that is still connecting', async () => {
    const program = asScript(`
      ${PATIENT}
      const socket = net.connect(${securePort}, 'localhost');
      const secure = tls.connect({ socket, servername: 'localhost' }, () => {
        console.log(secure.authorized, secure.getPeerCertificate().subject.CN);
        secure.destroy();
      });
      secure.on('error', (error) => console.log(error.message));
    `);
    const ran = await run(FAST, '-r', './dist/register.cjs', '-e', program);
    expect(ran).toEqual({ status: 0, stdout: 'true localhost\n', stderr: '' });
  });

  it('is held by nothing of it', async () => {
    const started = performance.now();
    expect(await run('', '--import', './dist/register.mjs', '-e', '')).toEqual({ status: 0, stdout: '', stderr: '' });
    expect(performance.now() - started).toBeLessThan(20_000);
  });

  it('has it once, though both copies of the package were loaded, and goes by the latest options', async () => {
    const program = `
      import net from 'node:net';
      import { createRequire } from 'node:module';
      const original = net.Socket.prototype.connect;
      const tried = () => new Promise((resolve, reject) => {
        const socket = net.connect(${plainPort}, 'localhost').on('error', reject).on('connect', () => {
          resolve(socket.autoSelectFamilyAttemptedAddresses.length);
          socket.destroy();
        });
      });
      const one = await import('./dist/module/register.mjs'); // as in a bundle
      const patched = net.Socket.prototype.connect;
      const other = createRequire(process.cwd() + '/index.js')('./dist/register.cjs');
      console.log(one.register !== other.register, patched !== original, net.Socket.prototype.connect === patched);
      const first = one.register({ connectionAttemptDelay: 20 });
      console.log(await tried());
      const second = other.register({ preferFamily: 4 });
      console.log(await tried());
      first();
      console.log(net.Socket.prototype.connect === patched);
      second();
      console.log(net.Socket.prototype.connect === original);
    `;
    const { stdout, stderr } = await run('', '--input-type=module', '-e', program);
    expect({ stdout, stderr }).toEqual({ stdout: 'true true true\n2\n1\ntrue\ntrue\n', stderr: '' });
  });
});

describe('importing the registration', () => {
  // A library may do it, with a copy of its own, after the program has said what it wants.
  it.each([
    ['after ES modules, CommonJS', "const { register } = await import('./dist/register.mjs')", "require('./dist/register.cjs')"],
    ['after CommonJS, ES modules', "const { register } = require('./dist/register.cjs')", "await import('./dist/register.mjs')"],
  ])('leaves what is registered: %s', async (_order, first, second) => {
    const program = (options: string) => `
      import { createRequire } from 'node:module';
      import net from 'node:net';
      const require = createRequire(process.cwd() + '/index.js');
      const original = net.Socket.prototype.connect;
      ${first};
      const stop = register(${options});
      ${second};
      const ended = () => new Promise((resolve) => {
        const socket = net.connect(${plainPort}, '${GOOD}').on('error', ({ code }) => resolve(code)).on('connect', () => {
          socket.destroy();
          resolve('connected');
        });
      });
      console.log(await ended());
      stop();
      console.log(await ended(), net.Socket.prototype.connect === original);
      process.exit();
    `;
    const runs = await Promise.all(
      ['', FAST].map((variable) => run(variable, '--input-type=module', '-e', program('{ filter: () => false }'))),
    );
    for (const ran of runs) expect(ran).toEqual({ status: 0, stdout: 'ERR_IP_BLOCKED\nconnected true\n', stderr: '' });
  });
});

describe('the environment variable', () => {
  const errors: readonly (readonly [json: string, named: RegExp])[] = [
    ['{"nonsense":1}', /nonsense/],
    ['{"connectionAttemptDelay":"x"}', /connectionAttemptDelay/],
    ['{"connectionAttemptDelay":1}', /connectionAttemptDelay/],
    ['{"connectTimeout":"forever"}', /connectTimeout/],
    ['{"tls":true}', /tls/],
    ['{bad', /JSON/],
    ['7', /object/],
    ['null', /object/],
    ['[]', /object/],
  ];
  const loads: readonly (readonly string[])[] = [
    ['--import', './dist/register.mjs'],
    ['-r', './dist/register.cjs'],
  ];

  it.each(loads)('with a misspelt option is one line that suggests the option: %s %s', async (...load) => {
    const { stderr } = await run('{"conectionAttemptDelay":200}', ...load, '-e', '0');
    expect(stderr).toContain(
      'TypeError: The environment variable RX_HAPPY_EYEBALLS is invalid: ' +
        '"options.conectionAttemptDelay" is not an option. Received 200. Did you mean connectionAttemptDelay?',
    );
    expect(stderr).not.toMatch(/^ +at /m);
  });

  it('with what makes no sense is an error at the start, which names it', async () => {
    const outcomes = await Promise.all(
      errors.map(async ([json], i) => {
        const { status, stdout, stderr } = await run(json, ...loads[i % 2]!, '-e', 'console.log("started")');
        return [json, { failed: status !== 0, stdout, said: /^\w*Error.*$/m.exec(stderr)?.[0] ?? stderr }] as const;
      }),
    );
    expect(Object.fromEntries(outcomes)).toEqual(
      Object.fromEntries(
        errors.map(([json, named]) => [
          json,
          { failed: true, stdout: '', said: expect.stringMatching(new RegExp(`RX_HAPPY_EYEBALLS.*${named.source}`)) },
        ]),
      ),
    );
  });

  it('takes what makes sense, "Infinity" for the number as well', async () => {
    const options = {
      connectionAttemptDelay: 20,
      maxConcurrentAttempts: 'Infinity',
      connectTimeout: 'Infinity',
      preferFamily: 6,
    };
    const program = asScript(`
      ${PATIENT}
      const socket = net.connect(${plainPort}, 'localhost', () => {
        console.log(socket.autoSelectFamilyAttemptedAddresses.length);
        socket.destroy();
      });
    `);
    const ran = await run(options, '-r', './dist/register.cjs', '-e', program);
    expect(ran).toEqual({ status: 0, stdout: '2\n', stderr: '' });
  });

  it('may be empty', async () => {
    expect(await run('', '-r', './dist/register.cjs', '-e', 'console.log("started")')).toMatchObject({ stdout: 'started\n' });
  });
});

describe('register', () => {
  const asked: string[] = [];
  const resolver: Resolver = (host) => {
    asked.push(host);
    return staticResolver([SILENT, GOOD])(host);
  };
  const options = { resolver, connectionAttemptDelay: 20, history: false as const };
  const { connect: original } = net.Socket.prototype;
  const ends: (() => void)[] = [];
  const registered = (given: object = options) => {
    const end = register(given);
    ends.push(end);
    return end;
  };

  beforeEach(() => asked.splice(0));
  afterEach(() => {
    for (const end of ends.splice(0).reverse()) end();
    net.Socket.prototype.connect = original;
    // What a spec that fails has left must not be another's.
    Reflect.deleteProperty(net.Socket, Symbol.for('rx-happy-eyeballs.registration'));
  });

  const attempts = (socket: net.Socket) => socket.autoSelectFamilyAttemptedAddresses.length;

  /** Connected, and closed. */
  const connected = async (socket: net.Socket, event = 'connect') => {
    await once(socket, event);
    const { remoteAddress } = socket;
    socket.destroy();
    return remoteAddress;
  };

  it('lets net.connect race, and puts back what was there', async () => {
    const end = registered();
    expect(net.Socket.prototype.connect).not.toBe(original);
    const socket = net.connect(plainPort, HOST);
    expect(await connected(socket)).toBe(GOOD);
    expect(attempts(socket)).toBe(2);
    end();
    expect(net.Socket.prototype.connect).toBe(original);
    end();
    expect(net.Socket.prototype.connect).toBe(original);
  });

  it('replaces `connect` once, however many copies a process loads, each in a realm of its own as under Jest', async () => {
    const end = registered();
    const { connect: patched } = net.Socket.prototype;
    for (let file = 0; file < 5; file++) {
      Reflect.deleteProperty(globalThis, Symbol.for('rx-happy-eyeballs.registration'));
      await jest.isolateModulesAsync(async () => {
        const copy = await import('../../src/stand-in/register.js');
        ends.push(copy.register(options));
      });
      expect(net.Socket.prototype.connect).toBe(patched);
    }
    expect(await connected(net.connect(plainPort, HOST))).toBe(GOOD);
    expect(asked).toHaveLength(1);
    end();
    expect(await connected(net.connect(plainPort, HOST))).toBe(GOOD);
    ends.at(-1)!();
    expect(net.Socket.prototype.connect).toBe(original);
  });

  it('leaves nothing on a socket', async () => {
    const model = net.connect(plainPort, GOOD);
    await once(model, 'ready');
    registered();
    const before = activeResources();
    const socket = net.connect(plainPort, HOST);
    await once(socket, 'ready');
    expect(listenerCounts(socket)).toEqual(listenerCounts(model));
    socket.destroy();
    await once(socket, 'close');
    expect(await leftOver(before)).toEqual({});
    model.destroy();
  });

  it('changes one method of one prototype, and nothing of how it is described', () => {
    const described = () => {
      const { value, ...flags } = Object.getOwnPropertyDescriptor(net.Socket.prototype, 'connect')!;
      return { ...flags, type: typeof value };
    };
    const before = described();
    registered();
    expect(described()).toEqual(before);
    expect(Object.hasOwn(tls.TLSSocket.prototype, 'connect')).toBe(false);
  });

  it('patches once, and the latest options count', async () => {
    const first = registered({ resolver: staticResolver([]) });
    const patched = net.Socket.prototype.connect;
    const second = registered();
    expect(net.Socket.prototype.connect).toBe(patched);
    expect(await connected(net.connect(plainPort, HOST))).toBe(GOOD);
    first();
    expect(net.Socket.prototype.connect).toBe(patched);
    expect(await connected(net.connect(plainPort, HOST))).toBe(GOOD);
    second();
    expect(net.Socket.prototype.connect).toBe(original);
  });

  it('lets races that are under way go on when it ends', async () => {
    const end = registered();
    const sockets = [net.connect(plainPort, HOST), tls.connect({ port: securePort, host: HOST, ca })];
    await sleep(5);
    end();
    expect(net.Socket.prototype.connect).toBe(original);
    const [plain, secure] = sockets as [net.Socket, TLSSocket];
    expect(await Promise.all([connected(plain), connected(secure, 'secureConnect')])).toEqual([GOOD, GOOD]);
  });

  it('leaves alone what someone else has put in its place, who then calls Node’s own', async () => {
    const end = registered();
    const ours = net.Socket.prototype.connect;
    const theirs = jest.fn(function (this: net.Socket, ...given: never[]) {
      return Reflect.apply(ours, this, given) as net.Socket;
    });
    net.Socket.prototype.connect = theirs;
    expect(await connected(net.connect(plainPort, HOST))).toBe(GOOD);
    expect(asked).toEqual([HOST]);
    end();
    expect(net.Socket.prototype.connect).toBe(theirs);
    expect(await connected(net.connect(plainPort, GOOD))).toBe(GOOD);
    const missing = net.connect({
      host: HOST,
      port: plainPort,
      lookup: (_host, _options, callback) => callback(new Error('no'), []),
    });
    await expect(once(missing, 'connect')).rejects.toThrow('no');
    expect(asked).toEqual([HOST]);
    registered();
    expect(await connected(net.connect(plainPort, HOST))).toBe(GOOD);
    expect(asked).toEqual([HOST, HOST]);
    net.Socket.prototype.connect = ours;
  });

  it('registers again where someone has put back Node’s own', async () => {
    registered();
    net.Socket.prototype.connect = original;
    registered();
    expect(await connected(net.connect(plainPort, HOST))).toBe(GOOD);
    expect(asked).toEqual([HOST]);
  });

  it('calls what someone else had put there before', async () => {
    const theirs = jest.fn(function (this: net.Socket, ...given: never[]) {
      return Reflect.apply(original, this, given) as net.Socket;
    });
    net.Socket.prototype.connect = theirs;
    const end = registered();
    expect(await connected(net.connect(plainPort, HOST))).toBe(GOOD);
    expect(theirs).toHaveBeenCalled();
    end();
    expect(net.Socket.prototype.connect).toBe(theirs);
  });

  it('races once where the caller races, too', async () => {
    registered();
    const socket = new RaceSocket({ race: options }).connect(plainPort, HOST);
    expect(await connected(socket)).toBe(GOOD);
    expect(asked).toEqual([HOST]);
    const agent = new HttpAgent({ race: options });
    const request = http.get({ host: HOST, port: plainPort, agent });
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    response.resume();
    expect(asked).toEqual([HOST, HOST]);
    agent.destroy();
    (await connect(HOST, plainPort, { ...options, history: undefined } as object)).destroy();
    expect(asked).toEqual([HOST, HOST, HOST]);
  });

  it('reaches libraries by the agent that Node uses by itself', async () => {
    registered();
    const [response] = (await once(http.get({ host: HOST, port: plainPort }), 'response')) as [http.IncomingMessage];
    expect(asked).toEqual([HOST]);
    response.resume();
    await once(response, 'end');
    http.globalAgent.destroy();
  });

  it('resumes the session that tls.connect is given, though the first address loses', async () => {
    registered();
    const first = tls.connect({ port: securePort, host: HOST, ca });
    const [session] = (await once(first, 'session')) as [Buffer];
    first.destroy();
    const second = tls.connect({ port: securePort, host: HOST, ca, session });
    await once(second, 'secureConnect');
    expect(attempts(second)).toBe(2);
    expect(second.isSessionReused()).toBe(true);
    expect(second.authorized).toBe(true);
    second.destroy();
  });

  it('emits the sessions of tls.connect, and negotiates protocols', async () => {
    registered();
    const socket = tls.connect({ port: securePort, host: HOST, ca, ALPNProtocols: ['h2', 'http/1.1'] });
    const session = once(socket, 'session');
    await once(socket, 'secureConnect');
    expect(socket.alpnProtocol).toBe('h2');
    expect((await session)[0]).toBeInstanceOf(Buffer);
    socket.destroy();
  });

  it.each([
    ['write', 'early'],
    ['end', 'last'],
  ] as const)('sends what is given to %s of a TLS socket before it is connected', async (method, text) => {
    registered();
    const { port } = await tlsServer(GOOD, 0, credentials, (socket) => socket.pipe(socket));
    await open(blackhole(SILENT, port));
    const socket = tls.connect({ port, host: HOST, ca });
    socket[method](text);
    if (method === 'write') socket.once('data', () => socket.end());
    const chunks: Buffer[] = await socket.toArray();
    expect(Buffer.concat(chunks).toString()).toBe(text);
  });

  it('tells a TLS socket of a failure as it tells others', async () => {
    registered({ ...options, resolver: staticResolver(['127.0.0.2', '127.0.0.3']) });
    const socket = tls.connect({ port: securePort, host: HOST, ca });
    const error = await new Promise<NodeJS.ErrnoException>((resolve) => socket.on('error', resolve));
    expect(error).toMatchObject({ name: 'AggregateError', code: 'ECONNREFUSED', connectionError: { host: HOST } });
  });

  describe('does not let race', () => {
    const lookup: net.LookupFunction = (_host, { all }, callback) => {
      if (all) callback(null, [{ address: GOOD, family: 4 }]);
      else callback(null, GOOD, 4);
    };
    const cases: readonly (readonly [what: string, where: object])[] = [
      ['an address', { host: GOOD }],
      ['one family', { host: HOST, family: 4, lookup }],
      ['one family by its other name', { host: HOST, family: 'IPv4', lookup }],
      ['who has turned `autoSelectFamily` off', { host: HOST, autoSelectFamily: false, lookup }],
      ['a local address', { host: HOST, localAddress: GOOD, lookup }],
    ];
    it.each(cases)('%s', async (_what, where) => {
      registered();
      expect(await connected(net.connect({ port: plainPort, ...where }))).toBe(GOOD);
      expect(asked).toEqual([]);
    });

    it('a path', async () => {
      const path = join(folder, 'socket');
      const server = net.createServer((socket) => socket.end('by path')).listen(path);
      await once(server, 'listening');
      registered();
      const chunks: Buffer[] = await net.connect(path).toArray();
      expect(Buffer.concat(chunks).toString()).toBe('by path');
      expect(await net.connect({ path }).toArray()).toHaveLength(1);
      expect(asked).toEqual([]);
      server.close();
    });

    it('TLS over a socket that is there', async () => {
      registered();
      const socket = net.connect(securePort, GOOD);
      const secure = tls.connect({ socket, servername: HOST, ca });
      await once(secure, 'secureConnect');
      expect(secure.authorized).toBe(true);
      expect(asked).toEqual([]);
      secure.destroy();
    });

    it('a socket that is connected: it does as Node’s own', async () => {
      const again = async () => {
        const socket = net.connect(plainPort, GOOD);
        await once(socket, 'ready');
        const { localPort } = socket;
        await once(socket.connect({ host: HOST, port: plainPort, lookup }), 'ready');
        socket.destroy();
        return localPort === socket.localPort ? 'same' : 'other';
      };
      const natively = await again();
      registered();
      expect(await again()).toBe(natively);
      expect(asked).toEqual([]);
    });
  });

  const nonsense: readonly (readonly [option: object, code: string, message: RegExp])[] = [
    [{ nonsense: 1 }, 'ERR_INVALID_ARG_VALUE', /nonsense/],
    [{ connectionAttemptDelay: 'x' }, 'ERR_INVALID_ARG_TYPE', /connectionAttemptDelay/],
    [{ tls: true }, 'ERR_INVALID_ARG_TYPE', /tls/],
    [{ tls: 'on' }, 'ERR_INVALID_ARG_VALUE', /tls.*auto, probe, off/],
    [{ tls: null }, 'ERR_INVALID_ARG_TYPE', /tls/],
    [{ tcp: { noDelay: true } }, 'ERR_INVALID_ARG_VALUE', /tcp/],
    [{ transport: () => undefined }, 'ERR_INVALID_ARG_VALUE', /transport/],
    [{ setup: () => Promise.resolve() }, 'ERR_INVALID_ARG_VALUE', /setup/],
    [{ socketFactory: () => new net.Socket() }, 'ERR_INVALID_ARG_VALUE', /socketFactory/],
    [{ localAddress: GOOD }, 'ERR_INVALID_ARG_VALUE', /localAddress/],
    [{ family: 4 }, 'ERR_INVALID_ARG_VALUE', /family/],
    [{ signal: AbortSignal.abort() }, 'ERR_INVALID_ARG_VALUE', /signal/],
  ];
  const named = nonsense.map(([given, ...expected]) => [Object.keys(given).join(), given, ...expected] as const);
  it.each(named)('refuses what makes no sense as `%s`, and leaves everything as it was', (_name, given, code, message) => {
    const call = () => registered(given);
    expect(call).toThrow(expect.objectContaining({ code }));
    expect(call).toThrow(message);
    expect(net.Socket.prototype.connect).toBe(original);
  });
});
