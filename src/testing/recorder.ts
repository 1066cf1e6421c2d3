import type { Socket } from 'node:net';
import { TestScheduler } from 'rxjs/testing';
import type { Family } from '../core/address.js';
import type { Answer } from '../core/answers.js';
import { formatEndpoint, type Endpoint } from '../core/endpoint.js';
import { toError } from '../core/errors.js';
import type { RaceEvent, Stage } from '../core/events.js';
import type { Clock } from './clock.js';
import type { AttemptLog, Leak, Lookup, Observations, SubscriptionLog } from './report.js';

/** A place in the records: what came before it is left out of a report, and time counts from it on. */
export interface Mark {
  readonly attempts: number;
  readonly events: number;
  readonly lookups: number;
  readonly sockets: number;
  readonly timers: ReadonlySet<unknown>;
  readonly at: number;
}

type Writable<T> = { -readonly [Name in keyof T]: T[Name] };

/** Writes down what happens in a network. */
export class Recorder {
  readonly #attempts: AttemptLog[] = [];
  readonly #events: RaceEvent[] = [];
  readonly #lookups: Writable<Lookup>[] = [];
  readonly #sockets: { readonly socket: Socket; readonly endpoint: Endpoint; readonly at: number }[] = [];
  readonly #counts = new Map<string, number>();
  readonly #subscriptions = new Map<string, SubscriptionLog[]>();
  readonly #clock: Clock;
  readonly start: Mark;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.start = this.mark();
  }

  mark(): Mark {
    const [attempts, events, lookups, sockets] = [this.#attempts, this.#events, this.#lookups, this.#sockets].map(
      ({ length }) => length,
    ) as [number, number, number, number];
    return { attempts, events, lookups, sockets, timers: new Set(this.#clock.timers()), at: this.#clock.now };
  }

  asked(host: string, family: Family | undefined): Lookup {
    const lookup = { host, ...(family !== undefined && { family }), at: this.#clock.now };
    this.#lookups.push(lookup);
    return lookup;
  }

  answered(answer: Answer): void {
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

  started({ address, family, port }: Endpoint): AttemptLog {
    const name = `${address} ${port}`;
    const attempt = (this.#counts.get(name) ?? 0) + 1;
    this.#counts.set(name, attempt);
    const at = this.#clock.now;
    // A copy of its own: by its identity, the events of an attempt are told from those of another.
    const log: AttemptLog = { endpoint: { address, family, port }, attempt, at };
    this.#attempts.push(log);
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

  opened(socket: Socket, { endpoint }: AttemptLog): number {
    return this.#sockets.push({ socket, endpoint, at: this.#clock.now });
  }

  /** Filled in as time goes by. */
  subscriptions(address: string): SubscriptionLog[] {
    let logs = this.#subscriptions.get(address);
    if (!logs) {
      logs = this.#attempts.filter(({ endpoint }) => endpoint.address === address).map((log) => this.#subscriptionLog(log));
      this.#subscriptions.set(address, logs);
    }
    return logs;
  }

  /**
   * @param results what belongs to whoever asks: sockets that are not among it are leaks. Absent: no sockets are
   * @param countTimers whether all timers of the scheduler are the program's or the network's
   */
  observations(mark: Mark, results: readonly unknown[] | undefined, countTimers: boolean): Observations {
    const since = <Timed extends { readonly at: number; readonly endedAt?: number }>(records: readonly Timed[], from: number) => {
      const own = from === 0 ? records : records.slice(from);
      if (mark.at === 0) return [...own];
      return own.map((record) => ({
        ...record,
        at: record.at - mark.at,
        ...(record.endedAt !== undefined && { endedAt: record.endedAt - mark.at }),
      }));
    };
    const attempts = since(this.#attempts, mark.attempts);
    // What began before the mark is not in the report, and neither is its end.
    const own = new Set(attempts.map(({ endpoint }) => endpoint));
    return {
      attempts,
      events: since(this.#events, mark.events).filter((event) => !('endpoint' in event) || own.has(event.endpoint)),
      lookups: since(this.#lookups, mark.lookups),
      leaks: this.#leaks(mark, results && new Set(results), countTimers),
    };
  }

  #leaks(mark: Mark, results: ReadonlySet<unknown> | undefined, countTimers: boolean): Leak[] {
    const from = mark.at;
    const attempts = this.#attempts.slice(mark.attempts).filter(({ endedAt }) => endedAt === undefined);
    const lookups = this.#lookups.slice(mark.lookups).filter(({ endedAt }) => endedAt === undefined);
    const sockets = results
      ? this.#sockets
          .slice(mark.sockets)
          .filter(({ socket }) => !results.has(socket) && !socket.destroyed && !socket.writableEnded)
      : [];
    const timers = countTimers ? this.#clock.timers().filter((timer) => !mark.timers.has(timer)) : [];
    return [
      ...lookups.map(({ host, at }): Leak => ({ kind: 'look-up', what: host, since: at - from })),
      ...attempts.map(({ endpoint, at }): Leak => ({ kind: 'attempt', what: formatEndpoint(endpoint), since: at - from })),
      ...sockets.map(({ endpoint, at }): Leak => ({ kind: 'socket', what: formatEndpoint(endpoint), since: at - from })),
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
