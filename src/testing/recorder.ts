import type { Socket } from 'node:net';
import { TestScheduler } from 'rxjs/testing';
import type { AnyAnswer } from '../core/race/answers.js';
import { formatEndpoint, type Endpoint } from '../core/race/endpoint.js';
import { isObject } from '../core/input/checks.js';
import { toError } from '../core/error-tools.js';
import type { RaceEvent, Stage } from '../core/race/events.js';
import type { Clock } from './clock.js';
import { reachableFrom } from './reachable-from.js';
import type { AttemptLog, Leak, Lookup, Observations, SubscriptionLog } from './report.js';

/** A position in the records. A report omits everything before it, and counts time from it. */
export interface Mark {
  readonly attempts: number;
  readonly events: number;
  readonly lookups: number;
  readonly sockets: number;
  readonly timers: ReadonlySet<unknown>;
  readonly at: number;
}

/** The values of a program. */
export interface Emitted {
  readonly values: readonly unknown[];
  /** Whether it may hold sockets that cannot be found. */
  readonly keepsSockets: boolean;
}

type Writable<T> = { -readonly [Name in keyof T]: T[Name] };

/** Records what happens in a network. */
export class Recorder {
  readonly #attempts: AttemptLog[] = [];
  readonly #byAddress = new Map<string, AttemptLog[]>();
  readonly #events: RaceEvent[] = [];
  readonly #lookups: Writable<Lookup>[] = [];
  readonly #servers = new Set<{ readonly port: number; readonly at: number }>();
  readonly #sockets: { readonly socket: Socket; readonly endpoint: Endpoint; readonly at: number }[] = [];
  readonly #counts = new Map<string, number>();
  readonly #subscriptions = new Map<string, SubscriptionLog[]>();
  readonly #clock: Clock;
  readonly start: Mark;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.start = this.mark();
  }

  get attempts(): readonly AttemptLog[] {
    return after(this.start, this.#attempts);
  }

  get events(): readonly RaceEvent[] {
    return after(this.start, this.#events);
  }

  get lookups(): readonly Lookup[] {
    return after(this.start, this.#lookups);
  }

  mark(): Mark {
    const [attempts, events, lookups, sockets] = [this.#attempts, this.#events, this.#lookups, this.#sockets].map(
      ({ length }) => length,
    ) as [number, number, number, number];
    return { attempts, events, lookups, sockets, timers: new Set(this.#clock.timers()), at: this.#clock.now };
  }

  asked(what: Omit<Lookup, 'at'>): Lookup {
    const lookup = { ...what, at: this.#clock.now };
    this.#lookups.push(lookup);
    return lookup;
  }

  answered(answer: AnyAnswer): void {
    this.#events.push({ type: 'answered', at: this.#clock.now, answer });
  }

  /** Only the first end of a look-up counts. */
  resolved(lookup: Lookup, outcome: NonNullable<Lookup['outcome']>, error?: unknown): void {
    if (lookup.outcome !== undefined) return;
    const at = this.#clock.now;
    Object.assign(lookup, { endedAt: at, outcome });
    if (outcome !== 'cancelled')
      this.#events.push({ type: 'resolved', at, ...(outcome === 'failed' && { error: toError(error) }) });
  }

  started(to: Endpoint): AttemptLog {
    const { address, port, protocol = 'tcp' } = to;
    const name = `${protocol} ${address} ${port}`;
    const attempt = (this.#counts.get(name) ?? 0) + 1;
    this.#counts.set(name, attempt);
    const at = this.#clock.now;
    // A copy of its own: by its identity, the events of an attempt are told from those of another.
    const log: AttemptLog = { endpoint: { ...to }, attempt, at };
    this.#attempts.push(log);
    const same = this.#byAddress.get(address);
    if (same) same.push(log);
    else this.#byAddress.set(address, [log]);
    this.#events.push({ type: 'started', at, endpoint: log.endpoint });
    this.#subscriptions.get(address)?.push(this.#subscriptionLog(log));
    return log;
  }

  progressed({ endpoint, at: startedAt, endedAt }: AttemptLog, stage: Stage): void {
    const at = this.#clock.now;
    if (endedAt === undefined) this.#events.push({ type: 'progressed', at, endpoint, stage, after: at - startedAt });
  }

  /** Only the first end of an attempt counts. */
  ended(
    log: AttemptLog,
    how: { type: 'connected'; value: unknown } | { type: 'failed'; error: unknown } | { type: 'cancelled' },
  ): void {
    if (log.endedAt !== undefined) return;
    const at = this.#clock.now;
    log.endedAt = at;
    if (log.subscription) log.subscription.unsubscribedFrame = at;
    const { endpoint } = log;
    this.#events.push(
      how.type === 'failed' ? { type: 'failed', at, endpoint, error: toError(how.error) } : { ...how, at, endpoint },
    );
  }

  opened(socket: Socket, { endpoint }: Pick<AttemptLog, 'endpoint'>): number {
    return this.#sockets.push({ socket, endpoint, at: this.#clock.now });
  }

  /** A port is listened on. @returns no more */
  listening(port: number): () => void {
    const server = { port, at: this.#clock.now };
    this.#servers.add(server);
    return () => this.#servers.delete(server);
  }

  /** Filled in as time goes by. */
  subscriptions(address: string): SubscriptionLog[] {
    let logs = this.#subscriptions.get(address);
    if (!logs) {
      logs = (this.#byAddress.get(address) ?? []).map((log) => this.#subscriptionLog(log));
      this.#subscriptions.set(address, logs);
    }
    return logs;
  }

  /**
   * @param run what a program has emitted: sockets that are not within are leaks. Absent: no sockets are
   * @param countTimers whether all timers of the scheduler are the program's or the network's
   */
  observations(mark: Mark, run: Emitted | undefined, countTimers: boolean): Observations {
    // Copies: they tell how it was.
    const attempts = after(mark, this.#attempts.slice(mark.attempts)).map((log) => ({ ...log }));
    // What began before the mark is not in the report, and neither is its end.
    const own = new Set(attempts.map(({ endpoint }) => endpoint));
    return {
      attempts,
      events: after(mark, this.#events.slice(mark.events)).filter((event) => !('endpoint' in event) || own.has(event.endpoint)),
      lookups: after(mark, this.#lookups.slice(mark.lookups)).map((lookup) => ({ ...lookup })),
      leaks: this.leaks(mark, run, countTimers),
      now: this.#clock.now - mark.at,
      winner: run && this.#winner(mark, run.values),
    };
  }

  /** Who won is what the last value is about, if it is a connection or a race's event of one. */
  #winner(mark: Mark, values: readonly unknown[]): string | undefined {
    const event = values.filter(isConnected).at(-1);
    return event
      ? event.endpoint.address
      : this.#sockets.filter(({ socket }) => values.includes(socket)).at(-1)?.endpoint.address;
  }

  /** As in {@link observations}. */
  leaks(mark: Mark, run: Emitted | undefined, countTimers: boolean): Leak[] {
    const from = mark.at;
    const attempts = this.#attempts.slice(mark.attempts).filter(({ endedAt }) => endedAt === undefined);
    const lookups = this.#lookups.slice(mark.lookups).filter(({ endedAt }) => endedAt === undefined);
    const open = run?.keepsSockets === false ? this.#sockets.slice(mark.sockets).filter(isOpen) : [];
    const held = reachableFrom(run?.values, new Set(open.map(({ socket }) => socket)));
    const sockets = open.filter(({ socket }) => !held.has(socket));
    const servers = [...this.#servers].filter(({ at }) => at >= from);
    const timers = countTimers ? this.#clock.timers().filter((timer) => !mark.timers.has(timer)) : [];
    return [
      ...lookups.map(({ host, at }): Leak => ({ kind: 'look-up', what: host, since: at - from })),
      ...attempts.map(({ endpoint, at }): Leak => ({ kind: 'attempt', what: formatEndpoint(endpoint), since: at - from })),
      ...sockets.map(({ endpoint, at }): Leak => ({ kind: 'socket', what: formatEndpoint(endpoint), since: at - from })),
      ...servers.map(({ port, at }): Leak => ({ kind: 'server', what: `port ${port}`, since: at - from })),
      ...timers.map(({ delay }): Leak => ({ kind: 'timer', what: `${delay - from} ms` })),
    ];
  }

  #subscriptionLog(log: AttemptLog): SubscriptionLog {
    // The class of these logs is RxJS's own; this is how to come by one.
    const subscription = TestScheduler.parseMarblesAsSubscriptions(null);
    subscription.subscribedFrame = log.at;
    if (log.endedAt !== undefined) subscription.unsubscribedFrame = log.endedAt;
    log.subscription = subscription;
    return subscription;
  }
}

/** Records in the time that began with a mark. */
function after<Timed extends { readonly at: number; readonly endedAt?: number }>(
  { at: began }: Mark,
  records: readonly Timed[],
): readonly Timed[] {
  if (began === 0) return records;
  return records.map((record) => ({
    ...record,
    at: record.at - began,
    ...(record.endedAt !== undefined && { endedAt: record.endedAt - began }),
  }));
}

function isOpen({ socket }: { readonly socket: Socket }): boolean {
  return !socket.destroyed && !socket.writableEnded;
}

function isConnected(value: unknown): value is RaceEvent & { type: 'connected' } {
  const { type, endpoint } = (isObject(value) ? value : {}) as Partial<RaceEvent & { type: 'connected' }>;
  return type === 'connected' && isObject(endpoint);
}
