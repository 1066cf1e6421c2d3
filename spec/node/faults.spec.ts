import { once } from 'node:events';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import nodeTls from 'node:tls';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext, runInThisContext } from 'node:vm';
import { fromEvent, map, of, take } from 'rxjs';
import { blackhole } from '../../src/cli/lab.js';
import {
  connect,
  connect$,
  ConnectionError,
  race$,
  staticResolver,
  type ConnectOptions,
  type RaceEvent,
} from '../../src/index.js';
import { generator } from '../support/random.js';
import { createAuthority, type Credentials } from '../support/certificates.js';
import { runNode } from '../support/dist.js';
import { activeResources, leftOver, open, tcpServer, tlsServer, type Server } from '../support/fixtures.js';

const HOST = 'faulty.example';
const GOOD = '127.0.0.1';
const BAD = '127.0.0.2';

let ca: string;
let credentials: Credentials;
let secureContext: nodeTls.SecureContext;

beforeAll(async () => {
  const authority = await createAuthority();
  ca = authority.ca;
  credentials = await authority.issue([HOST]);
  secureContext = nodeTls.createSecureContext(credentials);
});

const random = generator(8305);
const below = (limit: number) => Math.floor(random() * limit);
const oneOf = <T>(values: readonly T[]): T => values[below(values.length)]!;
const noise = (length: number) => Buffer.from(Array.from({ length }, () => below(256)));

/** The process itself: that of a spec is a copy, on which nothing is emitted. */
const realProcess = runInThisContext('process') as NodeJS.Process;
const UNHANDLED = ['uncaughtException', 'unhandledRejection'];

/** What went unhandled while something went on, and a moment longer; the runner's own listeners are away meanwhile. */
async function unhandledDuring(happening: () => Promise<unknown>): Promise<unknown[]> {
  const errors: unknown[] = [];
  const formerly = UNHANDLED.map((event) => [event, realProcess.rawListeners(event)] as const);
  for (const event of UNHANDLED) realProcess.removeAllListeners(event).on(event, (error) => errors.push(error));
  try {
    await happening();
    await sleep(30);
  } finally {
    for (const [event, listeners] of formerly) {
      realProcess.removeAllListeners(event);
      for (const listener of listeners) realProcess.on(event, listener as () => void);
    }
  }
  return errors;
}

/** Makes the sockets of attempts, and keeps them. */
function collecting() {
  const sockets: net.Socket[] = [];
  const socketFactory = () => {
    const socket = new net.Socket();
    sockets.push(socket);
    return socket;
  };
  return { sockets, socketFactory };
}

type Options = ConnectOptions;
type Serve = (socket: net.Socket) => unknown;

/** How attempts connect, and a server to which they can. */
interface Mode {
  readonly options: () => Options;
  readonly serveWell: (host: string, port?: number) => Promise<Server>;
}

/** The client's side of a small protocol: says hello, and waits to be welcomed. */
const greet = async (socket: net.Socket): Promise<net.Socket> => {
  socket.write('HELLO');
  const [answer] = (await once(socket, 'data')) as [Buffer];
  return welcomed(socket, answer);
};
/** The same as a stream, which hears of data alone. */
const greet$ = (socket: net.Socket) => {
  socket.write('HELLO');
  return fromEvent(socket, 'data').pipe(
    take(1),
    map((answer) => welcomed(socket, answer as Buffer)),
  );
};
const welcomed = (socket: net.Socket, answer: Buffer) => {
  if (answer.toString() === 'WELCOME') return socket;
  throw Object.assign(new Error('was not welcomed'), { code: 'EUNWELCOME' });
};

const stay: Serve = (socket) => socket.on('end', () => socket.end()).resume();
const welcome: Serve = (socket) => stay(socket.once('data', () => socket.write('WELCOME')));

const PLAIN: Mode = {
  options: () => ({}),
  serveWell: (host, port = 0) => tcpServer(host, port, stay),
};
const TLS: Mode = {
  options: () => ({ tls: { ca } }),
  serveWell: (host, port = 0) => tlsServer(host, port, credentials, stay),
};
const SETUP: Mode = {
  options: () => ({ setup: greet }),
  serveWell: (host, port = 0) => tcpServer(host, port, welcome),
};
const SETUP_OVER_TLS: Mode = {
  options: () => ({ tls: { ca }, setup: greet$ }),
  serveWell: (host, port = 0) => tlsServer(host, port, credentials, welcome),
};

const reset: Serve = (socket) => socket.resetAndDestroy();
const end: Serve = (socket) => socket.end();
const answerInPlainText: Serve = (socket) => socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');
const sendNoise: Serve = (socket) => socket.end(noise(256));
const sendAlert: Serve = (socket) => socket.end(Buffer.from('15030300020228', 'hex')); // handshake_failure
const later =
  (serve: Serve): Serve =>
  (socket) =>
    socket.once('data', () => serve(socket));

/** What a server does when the TLS handshake is over for it. */
const secured =
  (serve: (socket: nodeTls.TLSSocket, raw: net.Socket) => unknown): Serve =>
  (raw) => {
    const socket = new nodeTls.TLSSocket(raw, { isServer: true, secureContext });
    socket.on('error', () => raw.destroy()).on('end', () => raw.destroy());
    socket.once('secure', () => serve(socket, raw)).resume();
  };

/** Stands between the client and a TLS server, and does as it likes with what that one says. */
const between =
  (port: number, pass: (client: net.Socket, data: Buffer) => unknown): Serve =>
  (client) => {
    const server = net.connect({ host: GOOD, port });
    server.on('error', () => client.destroy()).on('close', () => client.end());
    server.on('data', (data: Buffer) => pass(client, data));
    client.on('close', () => server.destroy()).pipe(server);
  };

/** A program that serves in a process of its own and prints its port; it is killed when the spec is over, if not before. */
async function inAnotherProcess(program: string) {
  const { child, ended } = runNode('-e', program);
  const [printed] = (await once(child.stdout!, 'data')) as [Buffer];
  const kill = () => child.kill('SIGKILL');
  const close = async () => {
    kill();
    await ended;
  };
  return { ...(await open({ port: Number(printed), close })), kill };
}

/** The error of a race to the bad address, which has to be lost and to leave no socket. */
async function errorOf(port: number, mode: Mode): Promise<ConnectionError> {
  const { sockets, socketFactory } = collecting();
  const options = { ...mode.options(), resolver: staticResolver([BAD]), socketFactory } as Options;
  const outcome: unknown = await connect(HOST, port, options).catch((error: unknown) => error);
  if (outcome instanceof net.Socket) outcome.destroy();
  expect(outcome).toBeInstanceOf(ConnectionError);
  expect(sockets.map(({ destroyed }) => destroyed)).toEqual([true]);
  return outcome as ConnectionError;
}

/** The events of a race past the bad address to the good one, which has to win and to leave its own socket alone. */
/** ms. What happens at once happens long before this, on a busy machine too. */
const DELAY = 2000;

async function pastTheBad(port: number, mode: Mode): Promise<readonly RaceEvent<net.Socket>[]> {
  const { sockets, socketFactory } = collecting();
  const delays = { connectionAttemptDelay: DELAY, maximumConnectionAttemptDelay: DELAY };
  const options = { ...mode.options(), ...delays, resolver: staticResolver([BAD, GOOD]), sort: 'none', socketFactory } as Options;
  const events: RaceEvent<net.Socket>[] = [];
  await race$(HOST, port, options).forEach((event) => events.push(event));
  const last = events.at(-1)!;
  expect(last).toMatchObject({ type: 'connected', endpoint: { address: GOOD } });
  expect(sockets.map(({ destroyed }) => destroyed)).toEqual([true, false]);
  if (last.type === 'connected') last.value.destroy();
  return events;
}

const failureIn = (events: readonly RaceEvent[]) => events.find((event) => event.type === 'failed');

/** Listens at once, and tells in the end with which code the socket has failed, if with any. */
const failureOf = (socket: net.Socket) =>
  new Promise<string>((resolve) => {
    let code = 'none';
    socket.on('error', (error: NodeJS.ErrnoException) => (code = error.code!)).on('close', () => resolve(code));
    socket.resume();
  });

it('these specs notice what is unhandled', async () => {
  const errors = await unhandledDuring(async () => {
    void Promise.reject(new Error('a promise'));
    await new Promise((resolve) => net.connect({ host: BAD, port: 1 }).on('close', resolve)); // where nothing listens
  });
  expect(errors.map((error) => (error as Error).message)).toEqual(['a promise', `connect ECONNREFUSED ${BAD}:1`]);
  expect(await unhandledDuring(() => Promise.resolve())).toEqual([]);
});

const BROKEN = '(ECONNRESET|EPIPE)';

describe('a faulty server', () => {
  /** What it does, to what kind of race, and the reason that is given for it. */
  const faults: readonly (readonly [what: string, mode: Mode, serve: Serve | undefined, reason: string])[] = [
    ['refuses', PLAIN, undefined, 'ECONNREFUSED'],
    ['refuses TLS', TLS, undefined, 'ECONNREFUSED'],
    ['resets before the handshake', TLS, reset, BROKEN],
    ['resets after the ClientHello', TLS, later(reset), BROKEN],
    ['ends before the handshake', TLS, end, BROKEN],
    ['ends after the ClientHello', TLS, later(end), BROKEN],
    ['answers the ClientHello in plain text', TLS, answerInPlainText, 'TLS: wrong version number'],
    ['answers the ClientHello with noise', TLS, sendNoise, 'TLS: [a-z ]+'],
    ['answers the ClientHello with an alert', TLS, sendAlert, 'TLS: [a-z0-9/ ]*alert handshake failure'],
    ['refuses a setup', SETUP, undefined, 'ECONNREFUSED'],
    ['resets before the setup', SETUP, reset, BROKEN],
    ['resets during the setup', SETUP, later(reset), BROKEN],
    ['ends before the setup', SETUP, end, BROKEN],
    ['ends during the setup', SETUP, later(end), BROKEN],
    ['says something else in the setup', SETUP, answerInPlainText, 'EUNWELCOME'],
    ['resets after the ClientHello, where a setup is to follow', SETUP_OVER_TLS, later(reset), BROKEN],
    ['resets between TLS and setup', SETUP_OVER_TLS, secured((_, raw) => reset(raw)), BROKEN],
    ['ends between TLS and setup', SETUP_OVER_TLS, secured(end), BROKEN],
    ['resets during the setup over TLS', SETUP_OVER_TLS, secured((socket, raw) => socket.once('data', () => reset(raw))), BROKEN],
    ['says something else in the setup over TLS', SETUP_OVER_TLS, secured(answerInPlainText), 'EUNWELCOME'],
    ['sends noise in the setup over TLS', SETUP_OVER_TLS, secured((_, raw) => sendNoise(raw)), 'TLS: [a-z ]+'],
  ];

  it.each(faults)('that %s is named with its reason', async (_, mode, serve, reason) => {
    const { port } = await mode.serveWell(GOOD);
    if (serve) await tcpServer(BAD, port, serve);
    const error = await errorOf(port, mode);
    expect(error.message).toMatch(
      new RegExp(`^Could not connect to ${HOST}:${port}: ${BAD}:${port} ${reason} after \\d+ ms; AAAA ENOTFOUND$`),
    );
    expect(error.reason).toBe('attempts');
    expect(error.code).toMatch(/^(E[A-Z]+|ERR_SSL_[A-Z0-9_/]+)$/);
    expect(error.errors).toHaveLength(1);
  });

  it.each(faults)('that %s makes way for another at once', async (_, mode, serve) => {
    const { port } = await mode.serveWell(GOOD);
    if (serve) await tcpServer(BAD, port, serve);
    const events = await pastTheBad(port, mode);
    const failed = failureIn(events)!;
    expect(failed.endpoint.address).toBe(BAD);
    expect(events.at(-1)!.at - failed.at).toBeLessThan(DELAY / 2);
  });

  it.each(['TLSv1.2', 'TLSv1.3'] as const)(
    '[T1] whose words are damaged on the way does not win by %s, and the reasons that are given can be read',
    async (maxVersion) => {
      const whole = await tlsServer(GOOD, 0, { ...credentials, maxVersion });
      const damage = (client: net.Socket, data: Buffer) => {
        const at = below(data.length - 16); // more than the header of a record, which is not authenticated
        client.end(Buffer.concat([data.subarray(0, at), noise(16), data.subarray(at + 16)]));
      };
      const { port } = await tcpServer(BAD, 0, between(whole.port, damage));
      const reasons = new Set<string | undefined>();
      const unhandled = await unhandledDuring(async () => {
        for (let i = 0; i < 60; i++) {
          const { message } = await errorOf(port, TLS);
          reasons.add(/^Could not connect to [a-z.]+:\d+: [\d.:]+ (ECONNRESET|TLS: [a-z0-9/ ]+) after /.exec(message)?.[1]);
        }
      });
      expect(unhandled).toEqual([]);
      expect(reasons).not.toContain(undefined);
      expect(reasons.size).toBeGreaterThan(2);
    },
  );
});

describe('a connection that breaks as soon as it has won', () => {
  const inTheNextTurn: Serve = (socket) => setImmediate(() => reset(socket));
  const aMomentLater: Serve = (socket) => setTimeout(() => reset(socket), 1);
  const passAndReset = (client: net.Socket, data: Buffer) => client.write(data, () => reset(client));
  const passAndSpoil = (client: net.Socket, data: Buffer) => client.write(data, () => sendNoise(client));
  const welcomeAndReset: Serve = (socket) => socket.once('data', () => socket.write('WELCOME', () => reset(socket)));
  const welcomeAndResetTls = secured((socket, raw) => socket.once('data', () => socket.write('WELCOME', () => reset(raw))));

  /** How, and what the winner then fails with. A reset that comes together with data is a mere end, as libuv has it. */
  const faults: readonly (readonly [what: string, mode: Mode, serve: (whole: number) => Serve, error: string])[] = [
    ['a reset at once', PLAIN, () => reset, BROKEN],
    ['a reset in the next turn', PLAIN, () => inTheNextTurn, BROKEN],
    ['a reset a moment later', PLAIN, () => aMomentLater, BROKEN],
    ['an end', PLAIN, () => end, 'none'],
    ['a reset after the handshake', TLS, () => secured((_, raw) => reset(raw)), BROKEN],
    ['a reset together with the handshake', TLS, (whole) => between(whole, passAndReset), `(none|${BROKEN})`],
    ['noise together with the handshake', TLS, (whole) => between(whole, passAndSpoil), 'ERR_SSL_[A-Z_]+'],
    ['a reset together with the welcome', SETUP, () => welcomeAndReset, `(none|${BROKEN})`],
    ['a reset together with the welcome over TLS', SETUP_OVER_TLS, () => welcomeAndResetTls, `(none|${BROKEN})`],
  ];

  const consumers: Readonly<Record<string, (port: number, options: Options) => Promise<string>>> = {
    'in `next`': (port, options) =>
      new Promise((resolve, reject) => {
        connect$(HOST, port, options).subscribe({ next: (socket) => resolve(failureOf(socket)), error: reject });
      }),
    'after `await`': async (port, options) => {
      const socket = await connect(HOST, port, options);
      return failureOf(socket);
    },
  };

  describe.each(Object.entries(consumers))('finds the listener that is added %s', (_, consume) => {
    it.each(faults)('%s', async (_, mode, serve, error) => {
      const whole = await mode.serveWell(GOOD);
      const { port } = await tcpServer(BAD, 0, serve(whole.port));
      const options = { ...mode.options(), resolver: staticResolver([BAD]) } as Options;
      const failures: string[] = [];
      const lost: string[] = [];
      const unhandled = await unhandledDuring(async () => {
        for (let batch = 0; batch < 10; batch++) {
          const racing = Array.from({ length: 20 }, () => consume(port, options));
          for (const outcome of await Promise.allSettled(racing)) {
            if (outcome.status === 'fulfilled') failures.push(outcome.value);
            else lost.push(String(outcome.reason));
          }
        }
      });
      expect(unhandled).toEqual([]);
      expect(failures.length).toBeGreaterThan(50);
      expect(failures.filter((code) => !new RegExp(`^${error}$`).test(code))).toEqual([]);
      // It may have been too early for a winner.
      expect(lost.filter((message) => !/: [\d.:]+ (ECONNRESET|EPIPE) after /.test(message))).toEqual([]);
    });
  });

  it('or that breaks before, where there is another: there is always a winner', async () => {
    const { port } = await PLAIN.serveWell(GOOD);
    await tcpServer(BAD, port, reset);
    const resolver = staticResolver([BAD, GOOD]);
    const unhandled = await unhandledDuring(async () => {
      for (let i = 0; i < 200; i++) {
        const socket = await connect(HOST, port, { resolver, sort: 'none' });
        if (socket.remoteAddress === GOOD) socket.destroy();
        else expect(await failureOf(socket)).toBe('ECONNRESET');
      }
    });
    expect(unhandled).toEqual([]);
  });

  it('or whose setup has come to its value within the call, though its write had failed, is a failed attempt', async () => {
    const { port } = await inAnotherProcess(`
      const server = require('node:net').createServer((socket) => {
        socket.on('error', () => {});
        setTimeout(() => socket.resetAndDestroy(), 5);
      });
      server.listen(0, '${GOOD}', () => console.log(server.address().port));`);
    await failureOf(net.connect(port, GOOD)); // the other process is awake
    const setup = (socket: net.Socket) => {
      for (const began = performance.now(); performance.now() - began < 40;); // the reset comes, and Node has no turn to see it
      socket.write('PROXY UNKNOWN\r\n');
      return of(socket);
    };
    const outcomes: unknown[] = [];
    const unhandled = await unhandledDuring(async () => {
      for (let i = 0; i < 5; i++) {
        outcomes.push(await connect(GOOD, port, { setup }).then(failureOf, (error: unknown) => error));
      }
    });
    expect(unhandled).toEqual([]);
    expect(outcomes).toContainEqual(expect.objectContaining({ reason: 'attempts', code: 'ECONNRESET' }));
  });
});

describe('[A13] a race that is ended after a connection has failed and before its error has been raised', () => {
  const turns = Array.from({ length: 6 }, (_, i) => i);
  /** `count` turns of Node's queue later, which its errors go through as well. */
  const after = (turns: number, work: () => void): void => {
    process.nextTick(turns === 0 ? work : () => after(turns - 1, work));
  };

  it('takes the error, by TCP', async () => {
    const { sockets, socketFactory } = collecting();
    const seen: unknown[] = [];
    const unhandled = await unhandledDuring(async () => {
      for (const turn of turns) {
        const race = race$(GOOD, 9, { localAddress: '192.0.2.77', socketFactory }).subscribe({
          next: ({ type }) => {
            if (type === 'started') after(turn, () => race.unsubscribe());
          },
          error: (error: unknown) => seen.push(error),
        });
        await sleep(5);
      }
    });
    expect(unhandled).toEqual([]);
    expect(sockets.filter(({ destroyed }) => !destroyed)).toEqual([]);
    expect(seen.length).toBeLessThan(turns.length); // some were ended in time
  });

  it('takes the error, by TLS', async () => {
    const { port } = await TLS.serveWell(GOOD);
    const { sockets, socketFactory } = collecting();
    const unhandled = await unhandledDuring(async () => {
      for (const turn of turns) {
        const controller = new AbortController();
        const checkServerIdentity = () => {
          after(turn, () => controller.abort());
          return new Error('not this one');
        };
        const tls = { ca, checkServerIdentity };
        const resolver = staticResolver([GOOD]);
        await expect(connect(HOST, port, { resolver, tls, socketFactory, signal: controller.signal })).rejects.toThrow();
      }
    });
    expect(unhandled).toEqual([]);
    expect(sockets.map(({ destroyed }) => destroyed)).toEqual(turns.map(() => true));
  });
});

describe('a peer that ends its half at once', () => {
  it.each([false, true])('is seen to end by the winner (allowHalfOpen: %s)', async (allowHalfOpen) => {
    const { port, accepted } = await tcpServer(GOOD, 0, end);
    const socket = await connect(HOST, port, { resolver: staticResolver([GOOD]), tcp: { allowHalfOpen } });
    await once(socket.resume(), 'end');
    if (allowHalfOpen) socket.end('still here');
    expect(Buffer.concat(await accepted[0]!.toArray()).toString()).toBe(allowHalfOpen ? 'still here' : '');
    if (!socket.closed) await once(socket, 'close');
  });

  it('[T4] is heard to the end of its words', async () => {
    const words = Buffer.alloc(100_000, 'words ');
    const { port } = await tcpServer(GOOD, 0, (socket) => socket.end(words));
    const socket = await connect(HOST, port, { resolver: staticResolver([GOOD]) });
    await sleep(20); // nothing reads yet
    expect(Buffer.concat(await socket.toArray()).equals(words)).toBe(true);
  });
});

describe('a server that dies', () => {
  /** At some point of a connection; its listener goes as well. */
  const deaths: readonly (readonly [when: string, mode: Mode, at: (die: Serve) => Serve])[] = [
    ['between TCP and TLS', TLS, (die) => die],
    ['after the ClientHello', TLS, later],
    ['before the setup', SETUP, (die) => die],
    ['during the setup', SETUP, later],
    ['between TLS and setup', SETUP_OVER_TLS, (die) => secured((_, raw) => die(raw))],
  ];
  const serveAndDie = async (port: number, at: (die: Serve) => Serve) => {
    const die: Serve = (socket) => {
      socket.destroy();
      void server.close();
    };
    const server = await tcpServer(BAD, port, at(die));
  };

  it.each(deaths)('%s is named with its reason, and the next time for refusing', async (_, mode, at) => {
    const { port } = await mode.serveWell(GOOD);
    await serveAndDie(port, at);
    expect(await errorOf(port, mode)).toMatchObject({ reason: 'attempts', code: 'ECONNRESET' });
    expect(await errorOf(port, mode)).toMatchObject({ reason: 'attempts', code: 'ECONNREFUSED' });
  });

  it.each(deaths)('%s makes way for another', async (_, mode, at) => {
    const { port } = await mode.serveWell(GOOD);
    await serveAndDie(port, at);
    expect(failureIn(await pastTheBad(port, mode))).toMatchObject({ endpoint: { address: BAD }, error: { code: 'ECONNRESET' } });
  });

  const stages: readonly (readonly [stage: string, mode: Mode])[] = [
    ['tls', TLS],
    ['setup', SETUP],
  ];
  it.each(stages)('because its process is killed, at the stage %s, makes way for another', async (stage, mode) => {
    const { port } = await mode.serveWell(GOOD);
    const program = `require('node:net').createServer(() => {}).listen(${port}, '${BAD}', () => console.log(${port}));`;
    const { kill } = await inAnotherProcess(program);
    const delay = 2000;
    const options = { ...mode.options(), resolver: staticResolver([BAD, GOOD]), sort: 'none', connectionAttemptDelay: delay };
    const events: RaceEvent<net.Socket>[] = [];
    await race$(HOST, port, options as Options).forEach((event) => {
      events.push(event);
      if (event.type === 'progressed' && event.stage === stage && event.endpoint.address === BAD) kill();
      if (event.type === 'connected') event.value.destroy();
    });
    expect(failureIn(events)).toMatchObject({ endpoint: { address: BAD }, error: { code: 'ECONNRESET' } });
    expect(events.at(-1)).toMatchObject({ type: 'connected', endpoint: { address: GOOD } });
    expect(events.at(-1)!.at).toBeLessThan(delay);
  });
});

describe('an answer of 500 addresses', () => {
  const dead = Array.from({ length: 499 }, (_, i) => `127.1.${Math.floor(i / 250)}.${1 + (i % 250)}`);

  it.each([
    ['TCP', PLAIN],
    ['TLS', TLS],
    ['a setup', SETUP],
  ] as const)('of which all but the last refuse: that one wins without a delay for each, by %s', async (_, mode) => {
    const { port } = await mode.serveWell(GOOD);
    const { sockets, socketFactory } = collecting();
    const resolver = staticResolver([...dead, GOOD]);
    const began = performance.now();
    const socket = await connect(HOST, port, { ...mode.options(), resolver, sort: 'none', socketFactory } as Options);
    expect(performance.now() - began).toBeLessThan(20_000); // 499 delays are two minutes
    expect(socket.remoteAddress).toBe(GOOD);
    expect(sockets).toHaveLength(500);
    expect(sockets.filter(({ destroyed }) => !destroyed)).toHaveLength(1);
    socket.destroy();
  });

  it('that all refuse: an error without a delay for each, whose message names some and counts the rest', async () => {
    const { port, close } = await PLAIN.serveWell(GOOD);
    await close();
    const began = performance.now();
    const error: unknown = await connect(HOST, port, { resolver: staticResolver([...dead, GOOD]) }).catch(
      (error: unknown) => error,
    );
    expect(performance.now() - began).toBeLessThan(20_000);
    expect(error).toBeInstanceOf(ConnectionError);
    const { message, attempts, errors, code } = error as ConnectionError;
    expect([code, attempts.length, errors.length]).toEqual(['ECONNREFUSED', 500, 500]);
    expect(message).toMatch(
      /^Could not connect to faulty\.example:\d+: (127\.[\d.:]+ ECONNREFUSED after \d+ ms; ){20}and 480 more; AAAA ENOTFOUND$/,
    );
  });
});

describe('2 000 races among faulty servers, some of them cancelled', () => {
  const BATCHES = 40;
  const RACES = 50;

  const POOL = ['::1', ...Array.from({ length: 9 }, (_, i) => `127.0.0.${i + 1}`)];

  /** Servers on one port of the pool's addresses: two good ones; one that never answers; others with another fault each time. */
  async function openPool(mode: Mode, faults: readonly Serve[]): Promise<readonly [Server, ...Server[]]> {
    const first = await mode.serveWell('127.0.0.1');
    const { port } = first;
    await open(blackhole('127.0.0.2', port));
    const serve: Serve = (socket) => {
      oneOf(faults)(socket);
      stay(socket);
    };
    const others = POOL.slice(3, -1).map((host) => tcpServer(host, port, serve)); // the last one refuses
    return [first, ...(await Promise.all([mode.serveWell('::1', port), ...others]))];
  }

  const silence: Serve = () => undefined;
  const common = [reset, later(reset), end, later(end), answerInPlainText, sendNoise, silence];
  const afterTcp = [...common, later((socket) => socket.write('WELCOME', () => reset(socket)))];
  const afterTls = [...common, secured((_, raw) => reset(raw)), secured(end), secured(silence), secured(sendNoise)];

  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;

  /** Bytes, without those of garbage. */
  async function heapInUse(): Promise<number> {
    for (let i = 0; i < 3; i++) {
      collectGarbage();
      await sleep(5);
    }
    return process.memoryUsage().heapUsed;
  }

  it('[A13] leave no socket and nothing else, raise nothing that is not handled, and keep no memory', async () => {
    const tcpServers = await openPool(SETUP, afterTcp);
    const tlsServers = await openPool(SETUP_OVER_TLS, afterTls);
    const ways = [PLAIN, SETUP, TLS, SETUP_OVER_TLS].map((mode) => {
      const [{ port }] = mode === PLAIN || mode === SETUP ? tcpServers : tlsServers;
      return { mode, port };
    });

    const tally = { won: 0, lost: 0, aborted: 0, unsubscribed: 0 };
    const strange: unknown[] = [];
    const won = (socket: net.Socket) => {
      tally.won++;
      socket.on('error', () => undefined);
      setTimeout(() => socket.destroy(), below(3));
    };
    const lost = (error: unknown) => {
      tally.lost++;
      const { message } = error as Error;
      if (
        !(error instanceof ConnectionError) ||
        !/^Could not .* \S+ (after|within) \d+ ms/.test(message) ||
        /\n|openssl/.test(message)
      )
        strange.push(error);
    };
    const endings: readonly ((port: number, options: Options) => Promise<void>)[] = [
      (port, options) => connect(HOST, port, options).then(won, lost),
      (port, options) => connect$(HOST, port, options).forEach(won).catch(lost),
      async (port, options) => {
        const controller = new AbortController();
        setTimeout(() => controller.abort(), below(30));
        await connect(HOST, port, { ...options, signal: controller.signal }).then(won, (error: unknown) => {
          if ((error as Error).name === 'AbortError') tally.aborted++;
          else lost(error);
        });
      },
      (port, options) =>
        new Promise((resolve) => {
          const race = connect$(HOST, port, options).subscribe({ next: won, error: lost });
          const unsubscribe = () => {
            if (!race.closed) tally.unsubscribed++;
            race.unsubscribe();
            resolve();
          };
          setTimeout(unsubscribe, below(30));
        }),
    ];
    const raceOnce = async (socketFactory: () => net.Socket) => {
      const { mode, port } = oneOf(ways);
      const resolver = staticResolver(Array.from({ length: 1 + below(4) }, () => oneOf(POOL)));
      const pacing = { connectionAttemptDelay: 10, connectTimeout: 50 };
      await oneOf(endings)(port, { ...mode.options(), ...pacing, resolver, socketFactory } as Options);
    };

    await sleep(20);
    const before = activeResources();
    const heap: number[] = [];
    let made = 0,
      left = 0;
    const unhandled = await unhandledDuring(async () => {
      for (let batch = 1; batch <= BATCHES; batch++) {
        const { sockets, socketFactory } = collecting();
        await Promise.all(Array.from({ length: RACES }, () => raceOnce(socketFactory)));
        await sleep(5); // the winners are destroyed
        made += sockets.length;
        left += sockets.filter(({ destroyed }) => !destroyed).length;
        for (const { accepted } of [...tcpServers, ...tlsServers]) accepted.length = 0;
        if (batch % (BATCHES / 4) === 0) heap.push(await heapInUse());
      }
    });
    expect(unhandled).toEqual([]);
    expect(strange).toEqual([]);
    expect(made).toBeGreaterThan(BATCHES * RACES);
    expect(left).toBe(0);
    expect(Object.values(tally).reduce((sum, count) => sum + count)).toBe(BATCHES * RACES);
    expect(Math.min(...Object.values(tally))).toBeGreaterThan(20);
    expect(await leftOver(before)).toEqual({});
    expect(heap.at(-1)! - heap[0]!).toBeLessThan(2_000_000); // bytes, of 1500 races; a socket has over 2000
  }, 60_000);
});
