import net from 'node:net';
import tls from 'node:tls';
import { setTimeout as sleep } from 'node:timers/promises';
import { generator } from './random.js';

/** What a program does with one socket: where it connects to, and what it calls when. */
export interface Sequence {
  readonly secure: boolean;
  /** Whether the first address refuses. */
  readonly isFirstDead: boolean;
  readonly server: keyof typeof SERVERS;
  readonly options: object;
  readonly steps: readonly Step[];
}

/** A call, and the moment at which it is made. */
export interface Step {
  readonly at: Moment;
  readonly call: keyof typeof CALLS;
  readonly value: number;
}

/** What a program can see of one run, in order; what a server received comes last. */
export type Outcome = readonly string[];

/** Where sequences connect to: servers by name, for TCP and for TLS, on one address of which another refuses. */
export interface Lab {
  readonly ports: Readonly<Record<string, number>>;
  readonly ca: string;
  readonly host: string;
  readonly good: string;
  readonly dead: string;
  /** What a server received and saw, by the local port of the client. */
  readonly received: Map<number, string[]>;
}

type Serve = (socket: net.Socket) => void;

/** What servers do with a connection. All of them close when the client has ended. */
export const SERVERS = {
  echo: (socket) => socket.pipe(socket),
  greets: (socket) => {
    socket.write('welcome');
    socket.resume().on('end', () => socket.end());
  },
  leaves: (socket) => socket.resume().end('goodbye'),
  listens: (socket) => socket.resume().on('end', () => socket.end('all of it')),
  resets: (socket) => socket.once('data', () => (socket instanceof tls.TLSSocket ? socket.destroy() : socket.resetAndDestroy())),
  pours: (socket) => {
    socket.write(Buffer.alloc(300_000, 'x'));
    socket.resume().on('end', () => socket.end());
  },
} satisfies Record<string, Serve>;

/** Moments in the life of a socket. The last three come only where it connects. */
const MOMENTS = ['new', 'told', 'tick', 'lookup', 'attempt', 'connected', 'turn after', 'later'] as const;
type Moment = (typeof MOMENTS)[number];
const BEFORE = new Set<Moment>(['new', 'told', 'tick', 'lookup', 'attempt']);

/** ms from when a socket has connected until the last calls, and until what is left of it is destroyed. */
const LATER = 15;
const OVER = 45;

/** ms for a socket to connect, and for a destroyed one to close. */
const PATIENCE = 1000;

interface Run {
  readonly socket: net.Socket;
  readonly diary: string[];
  readonly abort: AbortController;
}

type Call = (run: Run, value: number) => unknown;

const note = (diary: string[], what: string) => (error?: Error | null) => {
  diary.push(`${what}${error ? ` ${shown(error)}` : ''}`);
};

const CALLS = {
  write: ({ socket, diary }, value) => socket.write(`w${value}`, note(diary, `written ${value}`)),
  writeMuch: ({ socket, diary }, value) => socket.write(Buffer.alloc(70_000, String(value)), note(diary, `much ${value}`)),
  end: ({ socket, diary }) => socket.end(note(diary, 'ended')) === socket,
  endWith: ({ socket }, value) => socket.end(`e${value}`) === socket,
  destroy: ({ socket }) => socket.destroy() === socket,
  destroyWith: ({ socket }) => socket.destroy(new Error('mine')) === socket,
  destroySoon: ({ socket }) => {
    (socket as net.Socket & { destroySoon: () => void }).destroySoon();
  },
  resetAndDestroy: ({ socket }) => socket.resetAndDestroy() === socket,
  abort: ({ abort }) => {
    abort.abort();
  },
  pause: ({ socket }) => socket.pause() === socket,
  resume: ({ socket }) => socket.resume() === socket,
  read: ({ socket }) => typeof socket.read(0),
  cork: ({ socket }) => {
    socket.cork();
  },
  uncork: ({ socket }) => {
    socket.uncork();
  },
  ref: ({ socket }) => socket.ref() === socket,
  unref: ({ socket }) => socket.unref() === socket,
  setTimeout: ({ socket, diary }, value) => socket.setTimeout(value % 2 ? 8 : 10_000, note(diary, 'timed out')) === socket,
  setNoDelay: ({ socket }, value) => socket.setNoDelay(value % 2 === 0) === socket,
  setKeepAlive: ({ socket }, value) => socket.setKeepAlive(value % 2 === 0, 1000) === socket,
  setEncoding: ({ socket }) => socket.setEncoding('latin1') === socket,
  address: ({ socket }) => {
    const { port, ...others } = socket.address() as net.AddressInfo;
    return JSON.stringify([typeof port, others]);
  },
  ends: ({ socket }) =>
    JSON.stringify([
      socket.remoteAddress,
      typeof socket.remotePort,
      socket.remoteFamily,
      socket.localAddress,
      typeof socket.localPort,
    ]),
  onData: ({ socket }) => socket.on('data', () => undefined) === socket,
  onceReadable: ({ socket }) => socket.once('readable', () => undefined) === socket,
  onceEnd: ({ socket, diary }) => socket.once('end', note(diary, 'once end')) === socket,
  removeListeners: ({ socket }) => socket.removeAllListeners('data') === socket,
} satisfies Record<string, Call>;

/** Calls that may destroy a socket. */
const ENDS = new Set<keyof typeof CALLS>(['destroy', 'destroyWith', 'destroySoon', 'resetAndDestroy', 'abort', 'end', 'endWith']);
const NAMES = Object.keys(CALLS) as (keyof typeof CALLS)[];

/**
 * What is called in place of others before a TLS socket has connected. Plain Node lets an end without data overtake the handshake,
 * which the server then never finishes; the others wait for the connection, which of a socket that is raced for is there once the
 * handshake is over.
 */
const IN_PLACE: { readonly [Call in keyof typeof CALLS]?: keyof typeof CALLS } = {
  end: 'endWith',
  destroySoon: 'destroy',
  resetAndDestroy: 'destroy',
};

/** A sequence that is the same for the same seed. */
export function sequenceOf(seed: number): Sequence {
  const random = generator(seed);
  const below = (limit: number) => Math.floor(random() * limit);
  const oneOf = <T>(list: readonly T[]) => list[below(list.length)]!;
  const secure = random() < 0.4;
  const steps = Array.from({ length: 1 + below(7) }, (_, value): Step => {
    const call = oneOf(NAMES);
    // Most sequences get past their beginning.
    const again = ENDS.has(call) && random() < 0.6 ? oneOf(NAMES) : call;
    // Connecting brings a socket back to life that was destroyed before, and nothing ends it then.
    const moments = secure || ENDS.has(again) ? MOMENTS.slice(1) : MOMENTS;
    const at = oneOf(moments);
    return { at, call: (secure && BEFORE.has(at) && IN_PLACE[again]) || again, value };
  });
  const options = {
    ...(random() < 0.3 && { allowHalfOpen: true }),
    ...(random() < 0.2 && { noDelay: true }),
    ...(random() < 0.2 && { keepAlive: true, keepAliveInitialDelay: 1000 }),
    ...(random() < 0.2 && { highWaterMark: 1000 }),
    ...(random() < 0.1 && { timeout: 8 }),
  };
  const inOrder = [...steps].sort((one, other) => MOMENTS.indexOf(one.at) - MOMENTS.indexOf(other.at));
  return {
    secure,
    isFirstDead: random() < 0.5,
    server: oneOf(Object.keys(SERVERS) as (keyof typeof SERVERS)[]),
    options,
    steps: inOrder,
  };
}

/** Runs a sequence, with whatever connects sockets at that time. */
export async function run(sequence: Sequence, lab: Lab, isFirstDead = sequence.isFirstDead): Promise<Outcome> {
  const { secure, server, options, steps } = sequence;
  const diary: string[] = [];
  const abort = new AbortController();
  const addresses = (isFirstDead ? [lab.dead, lab.good] : [lab.good, lab.dead]).map((address) => ({
    address,
    family: net.isIP(address),
  }));
  const where = {
    ...options,
    host: lab.host,
    port: lab.ports[`${secure ? 'tls' : 'tcp'} ${server}`]!,
    lookup: lookupOf(addresses),
    autoSelectFamily: true,
    signal: abort.signal,
  };
  const at = (moment: Moment, which?: (call: keyof typeof CALLS) => boolean) => {
    for (const { call, value } of steps.filter((step) => step.at === moment && (which?.(step.call) ?? true))) {
      let result: unknown;
      try {
        result = CALLS[call](acting, value);
      } catch (error) {
        result = shown(error);
      }
      const isLoose = secure && (moment === 'connected' || moment === 'turn after');
      const state = isLoose ? stateOf(acting.socket).replace(WRITING, '') : stateOf(acting.socket);
      diary.push(`${moment}: ${call} → ${String(result)}; ${state}`);
    }
  };
  const socket = secure
    ? tls.connect({ ...where, ca: lab.ca, servername: lab.host })
    : new net.Socket({ ...options, signal: abort.signal });
  const acting: Run = { socket, diary, abort };
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  const connected = new Promise<void>((resolve) => socket.once(secure ? 'secureConnect' : 'connect', () => resolve()));
  let bytes = '';
  let localPort: number | undefined;
  const given = { up: false };
  const push = socket.push.bind(socket);
  socket.push = (chunk: unknown, encoding?: BufferEncoding) => {
    if (chunk !== null) bytes += String(chunk);
    return push(chunk, encoding);
  };
  watch(socket, diary, secure);
  if (!secure) at('new');
  socket.once(secure ? 'secureConnect' : 'connect', () => {
    ({ localPort } = socket);
    if (secure) diary.push(secured(socket as tls.TLSSocket));
    at('connected');
    given.up = socket.destroyed;
    setImmediate(() => {
      at('turn after');
    });
  });
  socket.once('lookup', () => {
    at('lookup');
  });
  socket.once('connectionAttempt', () => {
    // Node throws where the socket is destroyed within the event, as by a write after its end.
    const later = (call: keyof typeof CALLS) => ENDS.has(call) || hasEnded;
    const hasEnded = socket.writableEnded;
    at('attempt', (call) => !later(call));
    process.nextTick(at, 'attempt', later);
  });
  if (!secure) socket.connect(where, note(diary, 'connect listener'));
  at('told');
  process.nextTick(at, 'tick');
  // However long connecting takes on a busy machine.
  await Promise.race([closed, connected, sleep(PATIENCE)]);
  await Promise.race([closed, sleep(LATER)]);
  at('later');
  await Promise.race([closed, sleep(OVER - LATER)]);
  diary.push(`over: ${stateOf(socket)} ${socket.bytesWritten} ${socket.readableFlowing}`);
  socket.destroy();
  const isClosed = await Promise.race([closed.then(() => true), sleep(PATIENCE)]);
  if (isClosed !== true) diary.push('never closes');
  await sleep(5);
  diary.push(`closed: ${stateOf(socket)}`, `received: ${briefly(bytes)}`);
  diary.push(`server: ${briefly((lab.received.get(localPort ?? -1) ?? []).join(''))}`);
  if (!secure) return diary;
  // What is written before a handshake, and given up with it, has been sent or not.
  return connectedLate(given.up ? diary.filter((line) => !line.startsWith('server:') && !WAITING.test(line)) : diary);
}

/** How much has been written, in a state. */
const WRITING = / (writableFinished|\d+\+\d+)/g;

/** What waits for a connection, and what may follow from it. */
const WAITING = /^(ended|finish|written|much)/;

/**
 * A TLS socket that is raced for has connected once its handshake is over. What waited for that then comes after `secureConnect`,
 * where plain Node has it before.
 */
function connectedLate(diary: readonly string[]): string[] {
  const secured = diary.findIndex((line) => line.startsWith('secure '));
  if (secured === -1) return [...diary];
  const before = diary.slice(0, secured).filter((line) => !WAITING.test(line));
  const waited = diary.filter((line) => WAITING.test(line));
  const after = diary.slice(secured).filter((line) => !WAITING.test(line));
  return [...before, ...after, ...waited];
}

function lookupOf(addresses: readonly { address: string; family: number }[]): net.LookupFunction {
  return (_host, { all }, callback) => {
    setTimeout(() => {
      if (all) callback(null, [...addresses]);
      else callback(null, addresses[0]!.address, addresses[0]!.family);
    }, 2);
  };
}

/** What is told of each event; `connect` and `ready` of TLS come whenever they come. */
function watch(socket: net.Socket, diary: string[], secure: boolean): void {
  for (const event of ['lookup', 'connectionAttempt', 'connectionAttemptFailed', 'connectionAttemptTimeout']) {
    socket.on(event, (...told: unknown[]) => diary.push(`${event} ${told.map(shown).join(' ')}`));
  }
  if (!secure) for (const event of ['connect', 'ready']) socket.on(event, () => diary.push(`${event} ${stateOf(socket)}`));
  for (const event of ['end', 'finish', 'timeout', 'pause', 'resume', 'secureConnect']) socket.on(event, () => diary.push(event));
  socket.on('error', (error) => diary.push(`error ${shown(error)}`));
  socket.on('close', (hadError) => diary.push(`close ${hadError}`));
}

function secured(socket: tls.TLSSocket): string {
  const { authorized, authorizationError, encrypted, alpnProtocol } = socket;
  const told = [authorized, authorizationError, encrypted, alpnProtocol, socket.getProtocol(), socket.isSessionReused()];
  return `secure ${told.map(String).join(' ')} ${String(socket.getPeerCertificate().subject.CN)}`;
}

function stateOf(socket: net.Socket): string {
  const { connecting, pending, readyState, destroyed, writableLength, writableEnded, writableFinished, timeout, remoteAddress } =
    socket;
  const { autoSelectFamilyAttemptedAddresses: attempted = [], writableCorked, allowHalfOpen } = socket as Partial<net.Socket>;
  const hosts = attempted.map((address) => address.replace(/:\d+$/, ''));
  const flags = { connecting, pending, destroyed, writableEnded, writableFinished, allowHalfOpen };
  const set = Object.entries(flags).flatMap(([name, isSet]) => (isSet ? name : []));
  return [readyState, ...set, `${writableLength}+${writableCorked}`, timeout, remoteAddress ?? '-', ...hosts].join(' ');
}

function shown(told: unknown): string {
  if (!(typeof told === 'object' && told !== null && 'message' in told)) return String(told).replace(/^\d{4,}$/, 'port');
  const { name, message, code, syscall, errors } = told as Partial<AggregateError> & NodeJS.ErrnoException;
  const text = message.replace(/:\d{4,}/g, ':port');
  return `(${[name, code, syscall, text, ...(errors ?? []).map(shown)].join(' ')})`;
}

const briefly = (text: string) => (text.length > 200 ? `${text.slice(0, 50)}… of ${text.length}` : text);

/** What a server does for the lab: it remembers what it received. */
export function serving(server: keyof typeof SERVERS, received: Lab['received']): Serve {
  return (socket) => {
    const own: string[] = [];
    received.set(socket.remotePort!, own);
    socket.on('data', (data: Buffer) => own.push(data.toString('latin1')));
    socket.on('end', () => own.push(' END'));
    SERVERS[server](socket);
  };
}

/** Without what tells of attempts: the events, and the addresses that were tried. */
function withoutAttempts(outcome: Outcome, { good, dead }: Lab): string {
  const others = outcome.filter((line) => !/^(connectionAttempt|lookup)/.test(line));
  return others
    .map((line) => line.replaceAll(` ${dead}`, '').replaceAll(new RegExp(`( ${good.replaceAll('.', '\\.')})+`, 'g'), ''))
    .join('\n');
}

/** Runs of Node's own and of ours that must have something in common before a sequence counts as different. */
const TRIES = 6;

/** How outcomes of a sequence differ, or undefined. What is due to chance differs between runs of Node itself. */
export class Comparison {
  readonly #own: string[] = [];
  readonly #ours: string[] = [];
  readonly #ideal: string[] = [];

  constructor(
    private readonly sequence: Sequence,
    private readonly lab: Lab,
    private readonly registered: <T>(work: () => Promise<T>) => Promise<T>,
  ) {}

  async once(): Promise<void> {
    await this.runNodes();
    await this.registered(() => this.runOurs());
  }

  async runNodes(): Promise<void> {
    this.#own.push((await run(this.sequence, this.lab)).join('\n'));
    // Node forgets an early end, and sessions, where its first address loses; and so the other way round.
    if (this.sequence.isFirstDead) this.#ideal.push(withoutAttempts(await run(this.sequence, this.lab, false), this.lab));
  }

  async runOurs(): Promise<void> {
    this.#ours.push((await run(this.sequence, this.lab)).join('\n'));
  }

  isAlike(): boolean {
    return this.#ours.some(
      (outcome) => this.#own.includes(outcome) || this.#ideal.includes(withoutAttempts(outcome.split('\n'), this.lab)),
    );
  }

  /** Runs the sequence until Node and we have had the same outcome. @returns whether they never had */
  async differs(): Promise<boolean> {
    for (let tries = 0; tries < TRIES && !this.isAlike(); tries++) await this.once();
    return !this.isAlike();
  }

  report(): string {
    const { steps, ...others } = this.sequence;
    const calls = steps.map(({ at, call, value }) => `  at ${at}: ${call} ${value}`);
    return [
      JSON.stringify(others),
      ...calls,
      '--- Node',
      this.#own.at(-1),
      ...(this.#ideal.length > 0 ? ['--- Node with its good address first', this.#ideal.at(-1)] : []),
      '--- raced',
      this.#ours.at(-1),
    ].join('\n');
  }
}

/** The first of the sequences that differs, told in as few steps as show it. */
export async function firstDifference(
  seeds: readonly number[],
  lab: Lab,
  registered: <T>(work: () => Promise<T>) => Promise<T>,
): Promise<string | undefined> {
  const comparisons = seeds.map((seed) => new Comparison(sequenceOf(seed), lab, registered));
  await Promise.all(comparisons.map((comparison) => comparison.runNodes()));
  await registered(() => Promise.all(comparisons.map((comparison) => comparison.runOurs())));
  for (const [index, comparison] of comparisons.entries()) {
    if (!(await comparison.differs())) continue;
    const least = await minimised(sequenceOf(seeds[index]!), lab, registered);
    return `seed ${seeds[index]}\n${(least ?? comparison).report()}`;
  }
  return undefined;
}

async function minimised(
  sequence: Sequence,
  lab: Lab,
  registered: <T>(work: () => Promise<T>) => Promise<T>,
): Promise<Comparison | undefined> {
  for (const dropped of sequence.steps) {
    const fewer = { ...sequence, steps: sequence.steps.filter((step) => step !== dropped) };
    const comparison = new Comparison(fewer, lab, registered);
    await comparison.once();
    if (await comparison.differs()) return (await minimised(fewer, lab, registered)) ?? comparison;
  }
  return undefined;
}
