import type { Socket } from 'node:net';
import { isObservable, type Observable, type VirtualTimeScheduler } from 'rxjs';
import { parseAddress } from '../core/address.js';
import { invalidType, invalidValue } from '../core/argument-errors.js';
import { checkEach, integer, isObject, number, orInfinity, type Checks } from '../core/checks.js';
import type { Endpoint } from '../core/endpoint.js';
import { toError } from '../core/errors.js';
import type { Stage } from '../core/events.js';
import type { TimelineOptions } from '../pictures/timeline.js';
import type { Transport } from '../rx/race.js';
import type { Resolver } from '../rx/resolve.js';
import { life } from './assert-marbles.js';
import { chance } from './chance.js';
import { Clock } from './clock.js';
import { virtualResolver } from './dns.js';
import { plannedFates, type FindFate } from './endpoints.js';
import type { Fate, Server } from './fates.js';
import { marblesOf } from './marble-diff.js';
import { recordedResolver, recordedTransport } from './recorded.js';
import { Recorder, type Mark } from './recorder.js';
import { NetworkReport, RunReport, type AttemptLog, type SubscriptionLog } from './report.js';
import { begin, type Running } from './running.js';
import type { NetworkDescription, Program, RunOptions, VirtualNetwork } from './virtual-network.js';
import { VirtualScheduler } from './virtual-scheduler.js';
import { openConnection, type Link } from './virtual-socket.js';

/** An hour: who still goes on then, goes on for ever. */
const UNTIL = 3_600_000;

/** Turns of the event loop in which a program that waits for nothing virtual may still come to something. */
const LAST_TURNS = 10;

/** Node's own: tests put others in its place. */
const inNextTurn = setImmediate;
const turn = () => new Promise<void>((resolve) => inNextTurn(resolve));

/** See {@link VirtualNetwork}. */
export class Network implements VirtualNetwork {
  readonly resolver: Resolver;
  readonly transport: Transport<Socket>;
  readonly scheduler: VirtualTimeScheduler;
  readonly random: () => number;
  readonly #clock: Clock;
  readonly #records: Recorder;
  readonly #findFate: FindFate;
  readonly #ownTime: boolean;
  #connections = 0;
  /** Found only when it was too late to throw. */
  #mistake?: Error | undefined;

  constructor(description: NetworkDescription) {
    checkEach('description', description, checks);
    const { dns = {}, endpoints = {}, scheduler, seed = 0 } = description;
    const clock = new Clock(scheduler ?? new VirtualScheduler());
    this.#ownTime = scheduler === undefined;
    this.#clock = clock;
    this.#records = new Recorder(clock);
    const { find, knows } = plannedFates(endpoints);
    this.#findFate = find;
    const source = typeof dns === 'function' ? dns : virtualResolver(dns, knows, clock);
    this.resolver = recordedResolver(source, this.#records);
    this.transport = recordedTransport((...attempt) => this.#play(...attempt), this.#records);
    this.scheduler = clock.scheduler;
    let drawn = 0;
    this.random = () => chance(`${seed} ${drawn++}`);
  }

  report(): NetworkReport {
    return new NetworkReport(this.#records.observations(this.#records.start, undefined, this.#ownTime));
  }

  get starts(): NetworkReport['starts'] {
    return this.report().starts;
  }

  get ends(): NetworkReport['ends'] {
    return this.report().ends;
  }

  get winner(): NetworkReport['winner'] {
    return this.report().winner;
  }

  get lookups(): NetworkReport['lookups'] {
    return this.report().lookups;
  }

  get leaks(): NetworkReport['leaks'] {
    return this.report().leaks;
  }

  get events(): NetworkReport['events'] {
    return this.report().events;
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
    do await turn();
    while (this.#clock.step(until));
    this.#clock.skipTo(until);
    this.#throwMistake();
  }

  run<T>(program: Observable<T> | ((network: VirtualNetwork) => Observable<T>), options: RunOptions = {}): RunReport<T> {
    const { running, mark, until } = this.#begin(program, options);
    if (!isObservable(running.given)) {
      throw invalidType('program', 'a stream, or a function that returns one; settle() takes promises', running.given);
    }
    while (running.finish === undefined && this.#clock.step(until));
    return this.#end(running, mark);
  }

  async settle<T>(program: Program<T>, options: RunOptions = {}): Promise<RunReport<T>> {
    const { running, mark, until } = this.#begin(program, options);
    let turns = 0;
    do {
      await turn();
      turns = running.finish === undefined && this.#clock.step(until) ? 0 : turns + 1;
    } while (running.finish === undefined && turns < LAST_TURNS);
    return this.#end(running, mark);
  }

  #begin<T>(program: Program<T>, options: RunOptions) {
    checkEach('options', options, runChecks);
    const { until = UNTIL, unsubscribeAt } = options;
    const mark = this.#records.mark();
    return { mark, until: mark.at + until, running: begin(program, this, this.#clock, unsubscribeAt) };
  }

  #end<T>({ values, finish, error, stop }: Running<T>, mark: Mark): RunReport<T> {
    stop();
    this.#throwMistake();
    return new RunReport(this.#records.observations(mark, held(values), this.#ownTime), values, finish, error);
  }

  #later(ms: number): number {
    number(0, Number.MAX_SAFE_INTEGER)('ms', ms);
    return this.#clock.now + ms;
  }

  /** The description was found wrong while it was in use: whoever drives time is to hear of it. */
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

  #play(log: AttemptLog, endpoint: Endpoint, progressed: (stage: Stage) => void): Observable<unknown> {
    return this.#fate(log).play({
      endpoint,
      progressed,
      schedule: (work, after) => this.#clock.schedule(work, after),
      open: (link, serve) => this.#open(log, link, serve),
    });
  }

  #fate({ endpoint, attempt }: AttemptLog): Fate {
    try {
      return this.#findFate(endpoint, attempt);
    } catch (error) {
      throw this.#mistaken(error);
    }
  }

  #open(log: AttemptLog, link: Link, serve: Server | undefined): Socket {
    const { endpoint, attempt } = log;
    const after = (ms: number, work: () => void) => {
      number(0, Number.MAX_SAFE_INTEGER)('ms', ms);
      this.#clock.schedule(work, ms);
    };
    const served = (server: Socket) => {
      try {
        serve!(server, { endpoint, attempt, after });
      } catch (error) {
        this.#mistaken(error);
      }
    };
    const client = openConnection(this.#clock, endpoint, link, this.#connections++, serve && served);
    this.#records.opened(client, log);
    return client;
  }
}

/** What somebody holds who has these values: they themselves, and what is right within them. */
function held(values: readonly unknown[]): unknown[] {
  return values.flatMap((value) =>
    isObject(value) && !('destroy' in value) ? [value, ...(Object.values(value) as unknown[])] : value,
  );
}

const checks: Checks<NetworkDescription> = {
  dns: () => undefined, // by what reads it
  endpoints: () => undefined,
  seed: integer(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER),
  scheduler: (name, value) => {
    const { actions, flush } = (isObject(value) ? value : {}) as Partial<VirtualTimeScheduler>;
    if (!Array.isArray(actions) || typeof flush !== 'function') throw invalidType(name, 'a VirtualTimeScheduler', value);
  },
};

const runChecks: Checks<RunOptions> = {
  unsubscribeAt: number(0, Number.MAX_SAFE_INTEGER),
  until: orInfinity(number(0, Number.MAX_SAFE_INTEGER)),
};
