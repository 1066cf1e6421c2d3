import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks';
import { once } from 'node:events';
import net, { type LookupFunction, type Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import tls from 'node:tls';
import { of, Subject } from 'rxjs';
import type { Address } from '../../src/core/address/address.js';
import { codedError } from '../../src/core/error-tools.js';
import { ConnectionError } from '../../src/core/race/connection-error.js';
import type { Endpoint } from '../../src/core/race/endpoint.js';
import type { RaceEvent } from '../../src/core/race/events.js';
import type { SocketFactory } from '../../src/node/tcp.js';
import { OtherAttempt, OwnAttempt, type Attempt } from '../../src/stand-in/attempt.js';
import { HandleCalls } from '../../src/stand-in/handle-calls.js';
import type { Ahead, Begun } from '../../src/stand-in/head-start.js';
import { otherAttempt, RaceInto, type Answered, type RaceForSocket, type Waiting } from '../../src/stand-in/race-into.js';
import { VirtualScheduler } from '../../src/testing/virtual-scheduler.js';
import { createAuthority, type Credentials } from '../support/certificates.js';
import { open, tcpServer, tlsServer } from '../support/fixtures.js';

const HOST = 'raced.example';
/** A server listens at all of them. */
const [ONE, TWO, THREE] = ['127.0.0.1', '127.0.0.2', '127.0.0.3'] as const;

let port: number;
let securePort: number;
let ca: string;
let credentials: Credentials;
beforeAll(async () => {
  const authority = await createAuthority();
  ({ ca } = authority);
  credentials = await authority.issue([HOST]);
});
beforeEach(async () => {
  ({ port } = await open(tcpServer('0.0.0.0', 0, (socket) => socket.resume())));
});

const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await turn();
});

const handleOf = (socket: Socket) => (socket as unknown as { _handle: Record<string, unknown> | null })._handle;
const at = (address: string, to = port): Endpoint => ({ address, family: net.isIPv6(address) ? 6 : 4, port: to });

/** Whose time stands still, so that no handshake is cut short. */
const patient = { patience: 1000, patienceAfterFailure: 500, scheduler: new VirtualScheduler() };

const EVENTS = ['lookup', 'connectionAttempt', 'connectionAttemptFailed', 'connectionAttemptTimeout'];

/** A socket that waits for its look-up, and a race for it that the spec runs by hand. */
function waiting(over: Partial<Waiting> = {}, options: net.NetConnectOpts | tls.ConnectionOptions = {}, isSecure = false) {
  let answered!: Answered;
  const lookup: LookupFunction = (_name, _options, callback) => {
    answered = callback;
  };
  const given = { host: HOST, port, autoSelectFamily: false, lookup, ...options };
  const socket: Socket = isSecure ? tls.connect({ ca, servername: HOST, ...given }) : net.connect(given as net.NetConnectOpts);
  sockets.push(socket);
  const lines: string[] = [];
  for (const name of [...EVENTS, 'connect', 'ready', 'secureConnect', 'close']) {
    socket.on(name, (...details: unknown[]) => {
      const told = details.map((one) => (one instanceof Error || typeof one === 'object' ? codeOf(one) : String(one)));
      lines.push([name, ...told].join(' '));
    });
  }
  socket.on('error', (error) => lines.push(`error ${codeOf(error)}`));
  const into = new RaceInto({
    ...{ socket, host: HOST, port, answered, calls: new HandleCalls(), tls: { mode: 'off', ...patient } },
    ...{ context: new AsyncResource('SPEC'), ...over },
  });
  const events$ = new Subject<RaceEvent<Socket>>();
  let factory: SocketFactory | undefined;
  const begun: (Begun | undefined)[] = [];
  const race: RaceForSocket = (socketFactory, head) => {
    factory = socketFactory;
    begun.push(head);
    return events$;
  };
  const next = (event: object) => {
    events$.next({ at: 0, ...event } as RaceEvent<Socket>);
  };
  /** Starts an attempt as a transport does, and what comes of it. */
  const attempt = (endpoint: Endpoint, progressed?: (stage: string) => void) => {
    const made = factory!(endpoint, progressed) as unknown as Attempt;
    made.on('error', () => undefined);
    next({ type: 'started', endpoint });
    made.connect({ host: endpoint.address, port: endpoint.port, family: endpoint.family });
    return made;
  };
  const won = (made: Attempt, endpoint: Endpoint) => {
    next({ type: 'connected', endpoint, value: made });
  };
  return { socket, into, race, events$, begun, lines, next, attempt, won, isRaced: () => factory !== undefined };
}

function codeOf(error: unknown): string {
  return error === null ? 'null' : ((error as { code?: string }).code ?? (error as Error).message);
}

/** As above, with a race that has begun. */
function racing(...given: Parameters<typeof waiting>) {
  const all = waiting(...given);
  all.into.start(all.race);
  return all;
}

describe('a race for a waiting socket', () => {
  it('emits what Node emits, in its order', async () => {
    const { socket, next, attempt, won, lines } = racing();
    next({ type: 'answered', answer: { type: 'AAAA', addresses: ['::9'] } });
    next({ type: 'answered', answer: { type: 'A', addresses: [ONE, TWO] } });
    next({ type: 'answered', answer: { type: 'A', addresses: [TWO] } });
    next({ type: 'resolved' });
    next({ type: 'queued', endpoints: [] });
    const first = attempt(at(ONE));
    first.destroy();
    const second = attempt(at(TWO));
    await once(second, 'connect');
    next({ type: 'cancelled', endpoint: at(ONE) });
    won(second, at(TWO));
    expect(lines).toEqual([
      ...[`lookup null ::9 6 ${HOST}`, `lookup null ${ONE} 4 ${HOST}`, `lookup null ${TWO} 4 ${HOST}`],
      ...[
        `connectionAttempt ${ONE} ${port} 4`,
        `connectionAttemptTimeout ${ONE} ${port} 4`,
        `connectionAttempt ${TWO} ${port} 4`,
      ],
      ...['connect', 'ready'],
    ]);
    expect(socket.autoSelectFamilyAttemptedAddresses).toEqual([`${ONE}:${port}`, `${TWO}:${port}`]);
    expect(socket.remoteAddress).toBe(TWO);
  });

  it('emits the failure of an attempt, which has no timeout then', () => {
    const { next, attempt, lines } = racing();
    const [one, two, three] = [at(ONE), at(TWO), at(THREE)];
    attempt(one).destroy();
    next({ type: 'failed', endpoint: one, error: codedError('ENO', 'no') });
    attempt(two).destroy();
    attempt(three).destroy();
    next({ type: 'failed', endpoint: two, error: codedError('ENO', 'no') });
    next({ type: 'cancelled', endpoint: three, error: codedError('ETIMEDOUT', 'slow') });
    expect(lines).toEqual([
      ...[`connectionAttempt ${ONE} ${port} 4`, `connectionAttemptFailed ${ONE} ${port} 4 ENO`],
      ...[`connectionAttempt ${TWO} ${port} 4`, `connectionAttemptTimeout ${TWO} ${port} 4`],
      ...[`connectionAttempt ${THREE} ${port} 4`, `connectionAttemptFailed ${TWO} ${port} 4 ENO`],
      `connectionAttemptTimeout ${THREE} ${port} 4`,
    ]);
  });

  it('emits a timeout for an attempt that gives way, once', () => {
    const { next, attempt, lines } = racing();
    const [one, two] = [at(ONE), at(TWO)];
    attempt(one).destroy();
    next({ type: 'cancelled', endpoint: one });
    attempt(two).destroy();
    next({ type: 'cancelled', endpoint: one, error: codedError('ETIMEDOUT', 'slow') });
    expect(lines.filter((line) => line.includes('Timeout'))).toEqual([`connectionAttemptTimeout ${ONE} ${port} 4`]);
  });

  it('emits in the context of its socket', () => {
    const storage = new AsyncLocalStorage<string>();
    const heard: unknown[] = [];
    const context = storage.run('of the socket', () => new AsyncResource('SPEC'));
    const { socket, next, events$, attempt } = racing({ context });
    for (const name of [...EVENTS, 'error']) socket.on(name, () => heard.push(name, storage.getStore()));
    next({ type: 'answered', answer: { type: 'A', addresses: [ONE, TWO] } });
    attempt(at(ONE)).destroy();
    events$.error(codedError('ENO', 'no'));
    const expected = ['lookup', 'lookup', 'connectionAttempt'].flatMap((name) => [name, 'of the socket']);
    expect(heard).toEqual(expected);
  });

  it('restarts the idle timeout with each answer, as Node does', () => {
    const { socket, next } = racing();
    const restarted = jest.spyOn(socket as Socket & { _unrefTimer: () => void }, '_unrefTimer');
    next({ type: 'answered', answer: { type: 'A', addresses: [] } });
    expect(restarted).toHaveBeenCalledTimes(1);
    next({ type: 'resolved' });
    expect(restarted).toHaveBeenCalledTimes(1);
  });

  it('emits nothing more once a listener has destroyed the socket, though the race goes on within the call', async () => {
    const { socket, into, lines, events$ } = waiting();
    socket.once('lookup', () => socket.destroy());
    into.start(() =>
      of<RaceEvent<Socket>[]>(
        { type: 'answered', at: 0, answer: { type: 'A', addresses: [ONE, TWO] } },
        { type: 'started', at: 0, endpoint: at(ONE) },
        { type: 'failed', at: 0, endpoint: at(ONE), error: codedError('ENO', 'no') },
      ),
    );
    expect(events$.observed).toBe(false);
    await once(socket, 'close');
    expect(lines).toEqual([`lookup null ${ONE} 4 ${HOST}`, 'close false']);
    expect(socket.autoSelectFamilyAttemptedAddresses).toEqual([]);
  });

  it('does not attempt what a listener has just ended', async () => {
    const { socket, next, lines } = racing();
    socket.once('connectionAttemptTimeout', () => socket.destroy());
    next({ type: 'started', endpoint: at(ONE) });
    next({ type: 'started', endpoint: at(TWO) });
    await once(socket, 'close');
    expect(lines.slice(0, 2)).toEqual([`connectionAttempt ${ONE} ${port} 4`, `connectionAttemptTimeout ${ONE} ${port} 4`]);
    expect(lines).not.toContain(`connectionAttempt ${TWO} ${port} 4`);
    expect(socket.autoSelectFamilyAttemptedAddresses).toEqual([`${ONE}:${port}`]);
  });
});

describe('the end of a waiting socket', () => {
  it('ends its race and its attempts, and reports the one in flight', async () => {
    const storage = new AsyncLocalStorage<string>();
    const context = storage.run('of the socket', () => new AsyncResource('SPEC'));
    const { socket, next, attempt, events$, lines } = racing({ context });
    next({ type: 'answered', answer: { type: 'A', addresses: [ONE, TWO] } });
    attempt(at(ONE));
    const failed: unknown[] = [];
    socket.on('connectionAttemptFailed', (...given) => failed.push(...given, storage.getStore()));
    socket.destroy();
    expect(events$.observed).toBe(false);
    await once(socket, 'close');
    expect(lines.slice(3)).toEqual([`connectionAttemptFailed ${ONE} ${port} 4 ECANCELED`, 'close false']);
    expect(failed[3]).toMatchObject({ syscall: 'connect', address: ONE, port, errno: expect.any(Number) as number });
    expect(failed[4]).toBe('of the socket');
  });

  it.each<readonly [what: string, addresses: readonly string[], isInFlight: boolean]>([
    ['for its only address', [ONE], true],
    ['without an attempt', [ONE, TWO], false],
  ])('reports none %s', async (_what, addresses, isInFlight) => {
    const { socket, next, attempt, lines } = racing();
    next({ type: 'answered', answer: { type: 'A', addresses } });
    if (isInFlight) attempt(at(ONE));
    socket.destroy();
    await once(socket, 'close');
    expect(lines.at(-1)).toBe('close false');
    expect(lines.some((line) => line.includes('Failed'))).toBe(false);
  });

  it('may be that of its handle alone', async () => {
    const { socket, next, attempt, events$ } = racing();
    next({ type: 'answered', answer: { type: 'A', addresses: [ONE, TWO] } });
    attempt(at(ONE));
    const failed = once(socket, 'connectionAttemptFailed');
    (handleOf(socket) as { close: () => void }).close();
    expect(events$.observed).toBe(false);
    expect((await failed)[0]).toBe(ONE);
  });

  it('stops what records the calls on its handle', () => {
    const calls = new HandleCalls();
    const { socket } = racing({ calls });
    const stopped = jest.spyOn(calls, 'stop');
    socket.destroy();
    expect(stopped).toHaveBeenCalled();
  });
});

describe('the attempts of a race', () => {
  it('begin with the socket’s own handle, and go on with others', () => {
    const { attempt } = racing();
    expect(attempt(at(ONE))).toBeInstanceOf(OwnAttempt);
    expect(attempt(at(TWO))).toBeInstanceOf(OtherAttempt);
  });

  it('have other handles at another port than the socket’s', async () => {
    const other = await open(tcpServer('0.0.0.0', 0));
    const { socket, attempt, won } = racing();
    const first = attempt(at(ONE, other.port));
    expect(first).toBeInstanceOf(OtherAttempt);
    await once(first, 'connect');
    won(first, at(ONE, other.port));
    expect(socket.remotePort).toBe(other.port);
  });

  it('keep the handle of a socket whose first attempt wins', async () => {
    const { socket, attempt, won, lines, events$ } = racing();
    const handle = handleOf(socket);
    const first = attempt(at(ONE));
    attempt(at(TWO));
    await once(first, 'connect');
    expect(socket.connecting).toBe(true);
    won(first, at(ONE));
    expect(handleOf(socket)).toBe(handle);
    expect(events$.observed).toBe(false);
    expect(lines.slice(-2)).toEqual(['connect', 'ready']);
    expect(socket.remoteAddress).toBe(ONE);
  });

  it('of which the first was given up while it connected leave the socket a new handle, which connects like it', async () => {
    const calls = new HandleCalls();
    const { socket, attempt, next, won, events$ } = racing({ calls });
    const listened = jest.spyOn(calls, 'listen');
    const handle = handleOf(socket);
    attempt(at(ONE)).destroy();
    expect(handleOf(socket)).toBe(handle);
    next({ type: 'failed', endpoint: at(ONE), error: codedError('ETIMEDOUT', 'slow') });
    const renewed = handleOf(socket);
    expect(listened).not.toHaveBeenCalled();
    expect(renewed).not.toBe(handle);
    expect(renewed).not.toBeNull();
    // It is renewed once.
    next({ type: 'failed', endpoint: at(ONE), error: codedError('ETIMEDOUT', 'slow') });
    expect(handleOf(socket)).toBe(renewed);
    expect((renewed!.connect as () => number)()).toBeLessThan(0);
    const second = attempt(at(TWO));
    expect(events$.observed).toBe(true);
    await once(second, 'connect');
    won(second, at(TWO));
    expect(socket.remoteAddress).toBe(TWO);
  });

  it('of which the first gave way leave the socket a new handle, whose end is that of the race', async () => {
    const { socket, attempt, next, events$ } = racing();
    const handle = handleOf(socket);
    attempt(at(ONE)).destroy();
    next({ type: 'cancelled', endpoint: at(ONE), error: codedError('ETIMEDOUT', 'slow') });
    expect(handleOf(socket)).not.toBe(handle);
    expect(events$.observed).toBe(true);
    socket.destroy();
    expect(events$.observed).toBe(false);
    await once(socket, 'close');
  });

  it('of which another gave way or failed leave the first its handle, with which it may win', async () => {
    const { socket, attempt, next, won } = racing();
    const handle = handleOf(socket);
    const first = attempt(at(ONE));
    attempt(at(TWO)).destroy();
    next({ type: 'cancelled', endpoint: at(TWO), error: codedError('ETIMEDOUT', 'slow') });
    next({ type: 'failed', endpoint: at(THREE), error: codedError('ENO', 'no') });
    expect(handleOf(socket)).toBe(handle);
    await once(first, 'connect');
    won(first, at(ONE));
    expect(socket.remoteAddress).toBe(ONE);
  });

  it('of which none uses the socket’s own handle leave it alone', () => {
    const { socket, attempt, next } = racing();
    const handle = handleOf(socket);
    for (const type of ['failed', 'cancelled']) {
      const endpoint = at(ONE, port + 1);
      attempt(endpoint).destroy();
      next({ type, endpoint, error: codedError('ETIMEDOUT', 'slow') });
    }
    expect(handleOf(socket)).toBe(handle);
  });

  it('of which the first was cancelled without an error leave the handle alone', () => {
    const { socket, attempt, next } = racing();
    const handle = handleOf(socket);
    attempt(at(ONE)).destroy();
    next({ type: 'cancelled', endpoint: at(ONE) });
    expect(handleOf(socket)).toBe(handle);
  });

  /** Puts TLS on top of a socket's handle, as far as the race can see. */
  const taken = (socket: Socket) => {
    Object.defineProperty(handleOf(socket)!, 'reading', { get: () => false, set: () => undefined, configurable: true });
  };

  it('have no handle of the socket that something else has taken: Node connects again to what has won', async () => {
    const { socket, attempt, won, lines } = racing();
    taken(socket);
    const handle = handleOf(socket);
    const first = attempt(at(ONE));
    expect(first).toBeInstanceOf(OtherAttempt);
    const ended = jest.spyOn(first, 'destroy');
    await once(first, 'connect');
    won(first, at(ONE));
    expect(ended).toHaveBeenCalled();
    await once(socket, 'ready');
    expect(handleOf(socket)).toBe(handle);
    expect(socket.remoteAddress).toBe(ONE);
    // What the race has emitted is not emitted again.
    expect(lines).toEqual([`connectionAttempt ${ONE} ${port} 4`, 'connect', 'ready']);
  });

  it('cannot give a connection to a socket whose handle is used for another address and has been taken', async () => {
    const { socket, attempt, won } = racing();
    attempt(at(ONE));
    const second = attempt(at(TWO));
    await once(second, 'connect');
    taken(socket);
    const failed = once(socket, 'error');
    won(second, at(TWO));
    const [error] = (await failed) as [NodeJS.ErrnoException];
    expect(error.code).toBe('ERR_SOCKET_HANDLE_IN_USE');
    expect(error.message).toBe(
      `the connection to ${TWO} cannot be given to the socket: after it began to connect to ${ONE}:${port}, ` +
        'its handle was taken for something else, such as TLS',
    );
  });

  it('leave a handle alone that has been taken, though its attempt was given up', () => {
    const { socket, attempt, next } = racing();
    const handle = handleOf(socket);
    attempt(at(ONE)).destroy();
    taken(socket);
    next({ type: 'failed', endpoint: at(ONE), error: codedError('ETIMEDOUT', 'slow') });
    expect(handleOf(socket)).toBe(handle);
  });

  it('are plain sockets on a Node whose handles cannot be made', async () => {
    const own = process as unknown as { binding: unknown };
    const { binding } = own;
    own.binding = () => {
      throw new Error('not permitted');
    };
    try {
      const work = jest.fn((run: () => void) => {
        run();
      });
      const attempt = otherAttempt(undefined, work);
      sockets.push(attempt);
      expect(attempt).toBeInstanceOf(net.Socket);
      expect(attempt).not.toBeInstanceOf(OtherAttempt);
      attempt.connect(at(ONE) as never);
      expect(work).toHaveBeenCalledTimes(1);
      await once(attempt, 'connect');
    } finally {
      own.binding = binding;
    }
    expect(otherAttempt(undefined, () => undefined)).toBeInstanceOf(OtherAttempt);
  });
});

describe('the failure of a race', () => {
  const lost = (events: readonly RaceEvent[]) =>
    new ConnectionError({ host: HOST, port, preferredFamily: 6, timedOut: false, endedAt: 0, events });

  it.each<readonly [what: string, error: () => unknown, expected: readonly string[]]>([
    ['of the look-up', () => lost([]), [`lookup ENOTFOUND undefined undefined ${HOST}`, 'error ENOTFOUND', 'close true']],
    [
      'of its attempts',
      () => {
        const endpoint = at(ONE);
        return lost([
          { type: 'started', at: 0, endpoint },
          { type: 'failed', at: 0, endpoint, error: codedError('ENO', 'no') },
        ]);
      },
      ['error ENO', 'close true'],
    ],
    ['of anything else', () => codedError('EOTHER', 'other'), ['error EOTHER', 'close true']],
  ])('%s is that of the socket', async (_what, error, expected) => {
    const { socket, events$, lines } = racing();
    const closed = once(socket, 'close').catch(() => undefined);
    events$.error(error());
    await closed;
    await turn();
    expect(lines).toEqual(expected);
  });
});

describe('an attempt before its race', () => {
  const found: readonly Address[] = [
    { address: ONE, family: 4 },
    { address: TWO, family: 4 },
  ];

  function begin(over: Partial<Waiting> = {}, ahead: Partial<Ahead> = {}, prepare: (socket: Socket) => void = () => undefined) {
    const all = waiting({ found, ...over });
    prepare(all.socket);
    const scheduler = new VirtualScheduler();
    const learn = jest.fn();
    const find = jest.fn((): Ahead | undefined => ({ endpoint: at(ONE), delay: 250, scheduler, learn, ...ahead }));
    all.into.start(all.race, find);
    return { ...all, scheduler, learn, find };
  }

  it('may make the race unnecessary', async () => {
    let restarted = 0;
    const { socket, find, learn, lines, isRaced } = begin({}, {}, (socket) => {
      const { mock } = jest.spyOn(socket as Socket & { _unrefTimer: () => void }, '_unrefTimer');
      socket.once('lookup', () => (restarted = mock.calls.length));
    });
    expect(find.mock.calls).toEqual([[found, port]]);
    expect(restarted).toBe(1);
    await once(socket, 'ready');
    expect(lines).toEqual([
      ...found.map(({ address }) => `lookup null ${address} 4 ${HOST}`),
      ...[`connectionAttempt ${ONE} ${port} 4`, 'connect', 'ready'],
    ]);
    expect(learn).toHaveBeenCalledTimes(1);
    expect(isRaced()).toBe(false);
    expect(socket.remoteAddress).toBe(ONE);
  });

  it('is the first of the race, which does not emit again what has been', async () => {
    const { socket, scheduler, lines, begun, attempt, next, won } = begin();
    scheduler.flush();
    expect(begun).toEqual([{ endpoint: at(ONE), scheduler: expect.any(Object) as unknown }]);
    next({ type: 'answered', answer: { type: 'A', addresses: [ONE, TWO, THREE] } });
    const first = attempt(at(ONE));
    expect(first).toBeInstanceOf(OwnAttempt);
    const second = attempt(at(TWO));
    expect(second).toBeInstanceOf(OtherAttempt);
    next({ type: 'answered', answer: { type: 'A', addresses: [THREE] } });
    await once(first, 'connect');
    won(first, at(ONE));
    expect(lines).toEqual([
      ...found.map(({ address }) => `lookup null ${address} 4 ${HOST}`),
      ...[`connectionAttempt ${ONE} ${port} 4`, `connectionAttemptTimeout ${ONE} ${port} 4`],
      ...[`connectionAttempt ${TWO} ${port} 4`, `lookup null ${THREE} 4 ${HOST}`, 'connect', 'ready'],
    ]);
    expect(socket.remoteAddress).toBe(ONE);
  });

  it('is overtaken in the context of its socket', () => {
    const storage = new AsyncLocalStorage<string>();
    const context = storage.run('of the socket', () => new AsyncResource('SPEC'));
    const { into, race } = waiting({ found, context });
    const scheduler = new VirtualScheduler();
    const stores: unknown[] = [];
    into.start(
      (...given) => {
        stores.push(storage.getStore());
        return race(...given);
      },
      () => ({ endpoint: at(ONE), delay: 250, scheduler, learn: () => undefined }),
    );
    scheduler.flush();
    expect(stores).toEqual(['of the socket']);
  });

  it.each(['lookup', 'connectionAttempt'])('does not begin where a listener on %s destroys the socket', async (event) => {
    const { socket, lines, isRaced } = begin({}, {}, (socket) => {
      socket.once(event, () => socket.destroy());
    });
    await once(socket, 'close');
    const cancelled = [`connectionAttempt ${ONE} ${port} 4`, `connectionAttemptFailed ${ONE} ${port} 4 ECANCELED`];
    expect(lines.slice(1)).toEqual([
      ...(event === 'lookup' ? [] : [`lookup null ${TWO} 4 ${HOST}`, ...cancelled]),
      'close false',
    ]);
    expect(isRaced()).toBe(false);
  });

  it('ends with its socket', async () => {
    const { socket, scheduler, lines, isRaced } = begin();
    socket.destroy();
    scheduler.flush();
    await once(socket, 'close');
    expect(isRaced()).toBe(false);
    expect(lines.slice(3)).toEqual([`connectionAttemptFailed ${ONE} ${port} 4 ECANCELED`, 'close false']);
  });

  it.each([() => undefined, undefined])('is not begun if only the race can tell what comes first: %p', (find) => {
    const { into, race, isRaced, lines } = waiting({ found });
    into.start(race, find);
    expect(isRaced()).toBe(true);
    expect(lines).toEqual([]);
  });

  it.each<readonly [what: string, over: Partial<Waiting>, isSecure: boolean, isTaken: boolean]>([
    ['before the addresses are known', { found: undefined }, false, false],
    ['of a TLS socket', { found, tls: { mode: 'auto', ...patient } }, true, false],
    ['of a socket whose handle has been taken', { found }, false, true],
  ])('is not begun %s', (_what, over, isSecure, isTaken) => {
    const { socket, into, race, isRaced } = waiting(over, {}, isSecure);
    if (isTaken) Object.defineProperty(handleOf(socket)!, 'reading', { get: () => false, configurable: true });
    const find = jest.fn();
    into.start(race, find);
    expect(find).not.toHaveBeenCalled();
    expect(isRaced()).toBe(true);
  });
});

describe('a race for a TLS socket', () => {
  beforeEach(async () => {
    ({ port: securePort } = await open(tlsServer('0.0.0.0', 0, credentials)));
  });
  const secure = (mode: 'auto' | 'probe' | 'off', over: object = {}) =>
    racing({ port: securePort, tls: { mode, ...patient }, ...over }, { port: securePort }, true);

  it('says when the handshake begins, and gives the socket what is complete', async () => {
    const { socket, attempt, won } = secure('auto');
    const stages: string[] = [];
    attempt(at(ONE, securePort)).destroy();
    const second = attempt(at(TWO, securePort), (stage) => stages.push(stage));
    await once(second, 'connect');
    expect(stages).toEqual(['tls']);
    const secured = once(socket, 'secureConnect');
    const ended = jest.spyOn(second, 'destroy');
    won(second, at(TWO, securePort));
    expect(ended).not.toHaveBeenCalled();
    await secured;
    expect(socket).toMatchObject({ remoteAddress: TWO, authorized: true });
  });

  it('needs none to say so to', async () => {
    const { attempt } = secure('auto');
    await once(attempt(at(ONE, securePort)), 'connect');
  });

  it('gives the socket its own connection, with the handshake done', async () => {
    const { socket, attempt, won, lines } = secure('auto');
    const first = attempt(at(ONE, securePort));
    await once(first, 'connect');
    expect(first.handshake).toBeDefined();
    won(first, at(ONE, securePort));
    expect(lines.slice(-3)).toEqual(['connect', 'ready', 'secureConnect']);
    expect(socket).toMatchObject({ remoteAddress: ONE, authorized: true });
  });

  it.each([0, 1])('that probes gives its own connection or connects again: attempt %i', async (winner) => {
    const { socket, attempt, won } = secure('probe');
    const sessions: Buffer[] = [];
    (socket as tls.TLSSocket).on('session', (session: Buffer) => sessions.push(session));
    const places = [at(ONE, securePort), at(TWO, securePort)];
    const attempts = places.map((place) => attempt(place));
    await once(attempts[winner]!, 'connect');
    const ended = jest.spyOn(attempts[winner]!, 'destroy');
    const secured = once(socket, 'secureConnect');
    won(attempts[winner]!, places[winner]!);
    expect(ended).toHaveBeenCalledTimes(winner);
    await secured;
    expect(socket).toMatchObject({ remoteAddress: places[winner]!.address, authorized: true });
  });

  it('that is off ends with TCP, and leaves the handshake to the socket', async () => {
    const { socket, attempt, won, lines } = secure('off');
    attempt(at(ONE, securePort));
    const second = attempt(at(TWO, securePort));
    await once(second, 'connect');
    expect(second.handshake).toBeUndefined();
    won(second, at(TWO, securePort));
    expect(lines.slice(-2)).toEqual(['connect', 'ready']);
    await once(socket, 'secureConnect');
    expect(socket).toMatchObject({ remoteAddress: TWO, authorized: true });
  });

  it('is only for TCP if the socket cannot adopt a handshake', async () => {
    const { socket, race, attempt } = waiting({ tls: { mode: 'auto', ...patient } }, {}, true);
    Object.defineProperty(handleOf(socket)!, 'reading', { get: () => false, configurable: true });
    const other = new RaceInto({
      ...{ socket, host: HOST, port, answered: () => undefined, calls: new HandleCalls() },
      ...{ tls: { mode: 'auto', ...patient }, context: new AsyncResource('SPEC') },
    });
    other.start(race);
    const made = attempt(at(ONE));
    await once(made, 'connect');
    expect(made.handshake).toBeUndefined();
    made.destroy();
  });

  /** A session, the calls on a handle, and what comes of them. */
  function hello() {
    const [session, calls] = [Buffer.from('no session'), new HandleCalls()];
    const repeat = jest.spyOn(calls, 'repeat').mockImplementation(() => undefined);
    return { session, calls, repeat };
  }
  const sessionsOf = (socket: Socket) =>
    jest.spyOn(socket as tls.TLSSocket & { setSession: (session: Buffer) => void }, 'setSession').mockImplementation();

  it('gives a handle of another attempt the session and the calls of the first', async () => {
    const { session, calls, repeat } = hello();
    const { socket, attempt, won } = secure('off', { session, calls });
    attempt(at(ONE, securePort));
    const second = attempt(at(TWO, securePort));
    await once(second, 'connect');
    const set = sessionsOf(socket);
    won(second, at(TWO, securePort));
    expect(set.mock.calls).toEqual([[session]]);
    expect(repeat.mock.calls).toEqual([[handleOf(socket)]]);
  });

  it('gives the handle of another connection the session and the calls of the first', async () => {
    const { session, calls, repeat } = hello();
    const { socket, attempt, won } = secure('probe', { session, calls });
    attempt(at(ONE, securePort));
    const second = attempt(at(TWO, securePort));
    await once(second, 'connect');
    const set = sessionsOf(socket);
    repeat.mockClear();
    won(second, at(TWO, securePort));
    expect(set.mock.calls).toEqual([[session]]);
    expect(repeat.mock.calls).toEqual([[handleOf(socket)]]);
  });

  it('resumes in the second connection of a probe what the server has sent in the first, and emits it', async () => {
    const old = await open(tlsServer('0.0.0.0', 0, { ...credentials, maxVersion: 'TLSv1.2' }));
    const { attempt, won, into, race, socket } = waiting(
      { port: old.port, tls: { mode: 'probe', ...patient }, session: Buffer.from('no session') },
      { port: old.port },
      true,
    );
    const sessions: Buffer[] = [];
    (socket as tls.TLSSocket).on('session', (session: Buffer) => sessions.push(session));
    into.start(race);
    attempt(at(ONE, old.port));
    const second = attempt(at(TWO, old.port));
    await once(second, 'connect');
    const { session } = second.handshake!;
    expect(session).toBeInstanceOf(Uint8Array);
    const secured = once(socket, 'secureConnect');
    won(second, at(TWO, old.port));
    await secured;
    expect((socket as tls.TLSSocket).isSessionReused()).toBe(true);
    await turn();
    expect(sessions).toContain(session);
  });

  it('goes on recording the calls on a handle that is renewed, which gets the session and the calls so far', () => {
    const { session, calls, repeat } = hello();
    const { socket, attempt, next } = secure('auto', { session, calls });
    const listened = jest.spyOn(calls, 'listen');
    const set = sessionsOf(socket);
    attempt(at(ONE, securePort)).destroy();
    next({ type: 'failed', endpoint: at(ONE, securePort), error: codedError('ETIMEDOUT', 'slow') });
    expect(listened.mock.calls).toEqual([[socket]]);
    expect(set.mock.calls).toEqual([[session]]);
    expect(repeat.mock.calls).toEqual([[handleOf(socket)]]);
  });

  it.each(['localhost', HOST])('fails with the error of a handshake, in the context of the socket, at %s', async (host) => {
    const storage = new AsyncLocalStorage<string>();
    const context = storage.run('of the socket', () => new AsyncResource('SPEC'));
    const scheduler = new VirtualScheduler();
    const wrong = await open(tlsServer('0.0.0.0', 0, await (await createAuthority()).issue([HOST])));
    const over = { port: wrong.port, host, context, tls: { mode: 'auto' as const, ...patient, scheduler } };
    const { socket, attempt, next, events$ } = secure('auto', over);
    const [place, silent] = [at(ONE, wrong.port), at(TWO, wrong.port)];
    next({ type: 'resolved' });
    next({ type: 'queued', endpoints: [place, silent] });
    const failing = attempt(place);
    const [error] = (await once(failing, 'error')) as [NodeJS.ErrnoException];
    const failed = new Promise<unknown[]>((resolve) => {
      socket.once('error', (told) => {
        resolve([told, storage.getStore()]);
      });
    });
    next({ type: 'started', endpoint: silent });
    next({ type: 'failed', endpoint: place, error });
    // The addresses of `localhost` are one machine, so that the first failure decides. Others have some time.
    expect(events$.observed).toBe(host === HOST);
    scheduler.flush();
    expect(events$.observed).toBe(false);
    expect(await failed).toEqual([error, 'of the socket']);
  });
});
