import type { Server as NetServer, Socket } from 'node:net';
import { asyncScheduler, isObservable, type Observable, type VirtualTimeScheduler } from 'rxjs';
import { TestScheduler } from 'rxjs/testing';
import { parseAddress } from '../core/address/address.js';
import { invalidReturn, invalidType, invalidValue } from '../core/input/argument-errors.js';
import { boolean, checkEach, integer, isObject, number, orInfinity, type Checks } from '../core/input/checks.js';
import { toError } from '../core/error-tools.js';
import type { TimelineOptions } from '../pictures/timeline.js';
import { WITH_SOCKET_OPTIONS } from '../rx/transport.js';
import type { Resolver } from '../rx/resolver.js';
import { chance } from './chance.js';
import { Clock } from './clock.js';
import { virtualResolver } from './virtual-resolver.js';
import { plannedFates, type FindFate } from './endpoints.js';
import type { Fate, Server } from './fates.js';
import { life } from './life.js';
import { marblesOf } from './marble-diff.js';
import { recordedResolver, recordedTransport, type Play } from './recorded.js';
import { Recorder, type Mark } from './recorder.js';
import { endsOf, lastConnected, NetworkReport, RunReport, startOf, type AttemptLog, type SubscriptionLog } from './report.js';
import { beginProgram, isPromise, type RunningProgram } from './running-program.js';
import type {
  DialOptions,
  NetworkDescription,
  Program,
  RaceInput,
  RunOptions,
  VirtualNetwork,
  VirtualSocketOptions,
} from './virtual-network.js';
import { VirtualScheduler } from './virtual-scheduler.js';
import type { Link, OpenConnection } from './virtual-socket.js';

/** An hour. A program that still runs then runs for ever. */
const UNTIL = 3_600_000;

/** The turns of the event loop that a program without virtual timers is given to finish. */
const LAST_TURNS = 100;

/** What a network needs of the platform that it runs on. */
export interface Platform {
  /** Creates both ends of a connection. */
  readonly open: OpenConnection;
  /** Lets promises and streams come to what they can come to: one turn of the event loop. Throws where that cannot be had. */
  readonly turn: () => Promise<void>;
  /** The ports that a program can listen on; absent where there are none, as in a browser. */
  readonly ports?: (clock: Clock, records: Recorder) => Ports;
}

/** The listening side of a network. */
export interface Ports {
  readonly createServer: (given: readonly unknown[]) => NetServer;
  readonly dial: (port: number, options: DialOptions) => Socket;
}

/** ms by which RxJS's time is off only where a TestScheduler has put its own in its place. */
const A_MINUTE = 60_000;

const STANDS_STILL =
  "still waits, though nothing more will happen in the network's time; setTimeout, retry({ delay: ms }) and I/O are real time";

/** A program, and how it is run. */
interface Run<T> {
  readonly running: RunningProgram<T>;
  /** What came before is not its own. */
  readonly mark: Mark;
  /** When it is given up, in ms of the scheduler. */
  readonly until: number;
  readonly keepsSockets: boolean;
}

/** See {@link VirtualNetwork}. */
export class Network implements VirtualNetwork {
  readonly resolver: Resolver;
  readonly transport: RaceInput['transport'];
  readonly createServer: VirtualNetwork['createServer'];
  readonly scheduler: VirtualTimeScheduler;
  readonly random: () => number;
  readonly #platform: Platform;
  readonly #clock: Clock;
  readonly #records: Recorder;
  readonly #findFate: FindFate;
  readonly #ownTime: boolean;
  readonly #ports: Ports | undefined;
  #connections = 0;
  /** From when on nothing was run. */
  #free: Mark;
  #settling = false;
  /** Found only when it was too late to throw. */
  #mistake?: Error | undefined;

  constructor(description: NetworkDescription, platform: Platform) {
    checkEach('description', description, NETWORK_CHECKS);
    this.#platform = platform;
    if (description.scheduler === undefined && isWithinTestScheduler()) {
      throw new Error('within TestScheduler.run, a network lives in its time: virtualNetwork({ scheduler, … })');
    }
    const { dns = {}, endpoints = {}, scheduler, seed = 0 } = description;
    const clock = new Clock(scheduler ?? new VirtualScheduler());
    this.#ownTime = scheduler === undefined;
    this.#clock = clock;
    this.#records = new Recorder(clock);
    this.#free = this.#records.start;
    const { find, knows } = plannedFates(endpoints);
    this.#findFate = find;
    const source = typeof dns === 'function' ? this.#checked(dns) : virtualResolver(dns, knows, clock);
    this.resolver = recordedResolver(source, this.#records);
    const transport = (options?: VirtualSocketOptions) =>
      recordedTransport((...attempt) => this.#play(attempt, options), this.#records);
    this.transport = Object.assign(transport(), { [WITH_SOCKET_OPTIONS]: transport });
    this.#ports = platform.ports?.(clock, this.#records);
    // It may be put in the place of Node's, and then knows nothing of its network. What is enumerable is options of a race.
    this.createServer = (...given: readonly unknown[]) => this.#listening.createServer(given);
    Object.defineProperty(this, 'createServer', { enumerable: false });
    this.scheduler = clock.scheduler;
    let drawn = 0;
    this.random = () => chance(`${seed} ${drawn++}`);
  }

  report(): NetworkReport {
    return new NetworkReport(this.#records.observations(this.#records.start, undefined, this.#ownTime));
  }

  get starts(): NetworkReport['starts'] {
    return this.#records.attempts.map(startOf);
  }

  get ends(): NetworkReport['ends'] {
    return endsOf(this.#records.attempts, this.#records.events);
  }

  get winner(): NetworkReport['winner'] {
    return lastConnected(this.#records.events);
  }

  get lookups(): NetworkReport['lookups'] {
    return [...this.#records.lookups];
  }

  get leaks(): NetworkReport['leaks'] {
    return this.#records.leaks(this.#records.start, undefined, this.#ownTime);
  }

  get events(): NetworkReport['events'] {
    return [...this.#records.events];
  }

  get mostInFlight(): number {
    return this.report().mostInFlight;
  }

  inFlight(at: number): string[] {
    return this.report().inFlight(at);
  }

  timeline(options?: TimelineOptions): string {
    return this.report().timeline(options);
  }

  expectClean(): void {
    this.report().expectClean();
  }

  subscriptions(address: string): SubscriptionLog[] {
    const parsed = parseAddress(address);
    if (!parsed) throw invalidValue('address', 'must be an IP address', address);
    return this.#records.subscriptions(parsed.address);
  }

  marbles(): Record<string, string[]> {
    const addresses = new Set(this.starts.map(({ address }) => address));
    const drawn = (address: string) => this.subscriptions(address).map((log) => marblesOf(life(log)));
    return Object.fromEntries([...addresses].map((address) => [address, drawn(address)]));
  }

  dial(port: number, options: DialOptions = {}): Socket {
    return this.#listening.dial(port, options);
  }

  get #listening(): Ports {
    if (!this.#ports) throw new Error('this network has no listening side: it runs without Node.js');
    return this.#ports;
  }

  flush(): void {
    while (this.#clock.step());
    this.#throwMistake();
  }

  advance(ms: number): void {
    const until = this.#later(ms);
    while (this.#clock.step(until));
    this.#clock.skipTo(until);
    this.#throwMistake();
  }

  async elapse(ms: number): Promise<void> {
    const until = this.#later(ms);
    do await this.#platform.turn();
    while (this.#clock.step(until));
    this.#clock.skipTo(until);
    this.#throwMistake();
  }

  run<T>(program: Observable<T> | ((network: VirtualNetwork) => Observable<T>), options: RunOptions = {}): RunReport<T> {
    const run = this.#begin(program, options, true);
    while (run.running.finishedAt === undefined && this.#clock.step(run.until));
    return this.#end(run);
  }

  async settle<T>(program: Program<T>, options: RunOptions = {}): Promise<RunReport<T>> {
    if (this.#settling) throw new Error('settle() is under way in this network: await it first, or settle both programs as one');
    this.#settling = true;
    try {
      const run = this.#begin(program, options, false);
      let turns = 0;
      do {
        await this.#platform.turn();
        turns = run.running.finishedAt === undefined && this.#clock.step(run.until) ? 0 : turns + 1;
      } while (run.running.finishedAt === undefined && turns < LAST_TURNS);
      return this.#end(run);
    } finally {
      this.#settling = false;
    }
  }

  #begin<T>(program: Program<T>, options: RunOptions, streamsAlone: boolean): Run<T> {
    checkEach('options', options, runChecks);
    const { until = UNTIL, unsubscribeAt, keepsSockets = false } = options;
    // A promise was begun before it came here, in this very ms or before.
    const mark = isPromise(program) ? this.#free : this.#records.mark();
    const running = beginProgram(program, this, this.#clock, { streamsAlone, unsubscribeAt });
    return { running, mark, until: this.#clock.now + until, keepsSockets };
  }

  #end<T>({ running, mark, until, keepsSockets }: Run<T>): RunReport<T> {
    const { values, finishedAt, error } = running;
    const isDue = finishedAt === undefined && this.#clock.isDue();
    if (isDue) this.#clock.skipTo(until);
    // One that goes on is shown as it stands, before it is stopped.
    const observations = this.#records.observations(mark, { values, keepsSockets }, this.#ownTime);
    const waits = isDue ? `was given up after ${this.#clock.now - mark.at} ms` : STANDS_STILL;
    try {
      running.stop();
    } finally {
      this.#free = this.#records.mark();
    }
    this.#throwMistake();
    return new RunReport(observations, values, finishedAt === undefined ? { waits } : { finish: finishedAt - mark.at }, error);
  }

  #later(ms: number): number {
    number(0, Number.MAX_SAFE_INTEGER)('ms', ms);
    return this.#clock.now + ms;
  }

  /** Records an error in the description that was found during use, for whatever drives time to report. */
  #mistaken(thrown: unknown): Error {
    const mistake = toError(thrown);
    this.#mistake ??= mistake;
    this.#clock.schedule(() => {
      this.#throwMistake();
    }, 0);
    return mistake;
  }

  #throwMistake(): void {
    const mistake = this.#mistake;
    this.#mistake = undefined;
    if (mistake) throw mistake;
  }

  #play([log, endpoint, progressed]: Parameters<Play>, options: VirtualSocketOptions | undefined): Observable<unknown> {
    return this.#fate(log).play({
      endpoint,
      progressed,
      schedule: (work, after) => this.#clock.schedule(work, after),
      open: (link, serve) => this.#open(log, link, serve, options),
      mistaken: (error) => this.#mistaken(error),
    });
  }

  /** Checks the result of the user's own resolver. */
  #checked(resolver: Resolver): Resolver {
    const observable = <A>(answers: Observable<A>): Observable<A> => {
      if (!isObservable(answers)) throw this.#mistaken(invalidReturn('dns()', 'an Observable', answers));
      return answers;
    };
    const addresses: Resolver = (host, query) => observable(resolver(host, query));
    if (typeof resolver.serviceRecords !== 'function') return addresses;
    return Object.assign(addresses, { serviceRecords: (name: string) => observable(resolver.serviceRecords!(name)) });
  }

  #fate({ endpoint, attempt }: AttemptLog): Fate {
    try {
      return this.#findFate(endpoint, attempt);
    } catch (error) {
      throw this.#mistaken(error);
    }
  }

  #open(log: AttemptLog, link: Link, serve: Server | undefined, options: VirtualSocketOptions | undefined): Socket {
    const { endpoint, attempt } = log;
    const later = (ms: number, work: () => void) => {
      number(0, Number.MAX_SAFE_INTEGER)('ms', ms);
      this.#clock.schedule(work, ms);
    };
    const served = (server: Socket) => {
      try {
        serve!(server, { endpoint, attempt, later });
      } catch (error) {
        this.#mistaken(error);
      }
    };
    const client = this.#platform.open(this.#clock, endpoint, link, this.#connections++, serve && served, options);
    this.#records.opened(client, log);
    return client;
  }
}

/** Whether a `TestScheduler.run` is under way: a character is a ms there, and RxJS's clock far from the real one. */
function isWithinTestScheduler(): boolean {
  return Reflect.get(TestScheduler, 'frameTimeFactor') === 1 && Math.abs(asyncScheduler.now() - Date.now()) > A_MINUTE;
}

const NETWORK_CHECKS: Checks<NetworkDescription> = {
  dns: () => undefined, // by what reads it
  endpoints: () => undefined,
  seed: integer(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER),
  scheduler: (name, value) => {
    const { actions, flush, frame } = (isObject(value) ? value : {}) as Partial<VirtualTimeScheduler>;
    if (!Array.isArray(actions) || typeof flush !== 'function' || typeof frame !== 'number')
      throw invalidType(name, 'a VirtualTimeScheduler', value);
  },
};

const runChecks: Checks<RunOptions> = {
  unsubscribeAt: number(0, Number.MAX_SAFE_INTEGER),
  until: orInfinity(number(0, Number.MAX_SAFE_INTEGER)),
  keepsSockets: boolean,
};
