import type { TestScheduler } from 'rxjs/testing';
import type { Endpoint } from '../core/race/endpoint.js';
import type { RaceEvent } from '../core/race/events.js';
import type { Family } from '../core/address/address.js';
import { timeline, type TimelineOptions } from '../pictures/timeline.js';

/** An attempt was started. */
export interface AttemptStart {
  readonly address: string;
  readonly port: number;
  /** ms of virtual time. */
  readonly at: number;
  /** Which on this endpoint, from 1 on. */
  readonly attempt: number;
}

/** An attempt ended. `cancelled`: the program unsubscribed from it. */
export interface AttemptEnd extends AttemptStart {
  readonly outcome: 'connected' | 'failed' | 'cancelled';
  /** What it failed with. */
  readonly error?: Error;
}

/** The program looked up a host's addresses or service records. */
export interface Lookup {
  readonly host: string;
  /** The family, if only one was queried. */
  readonly family?: Family;
  /** Absent: addresses. */
  readonly type?: 'HTTPS';
  readonly at: number;
  /** Absent while it goes on. */
  readonly endedAt?: number;
  readonly outcome?: 'answered' | 'failed' | 'cancelled';
}

/** Something that a program has not released. */
export interface Leak {
  readonly kind: 'attempt' | 'look-up' | 'server' | 'socket' | 'timer';
  /** An endpoint, a host or a port; for a timer, when it is due. */
  readonly what: string;
  /** When it began; absent for timers. */
  readonly since?: number;
}

/** When an attempt was subscribed to and unsubscribed from, in frames: what RxJS compares with subscription marbles. */
export type SubscriptionLog = ReturnType<typeof TestScheduler.parseMarblesAsSubscriptions>;

/** An attempt as it is seen from the network. */
export interface AttemptLog {
  readonly endpoint: Endpoint;
  readonly attempt: number;
  readonly at: number;
  endedAt?: number;
  /** Filled in for comparison with marbles. */
  subscription?: SubscriptionLog;
}

/** All that a report is made of. */
export interface Observations {
  readonly attempts: readonly Readonly<AttemptLog>[];
  readonly events: readonly RaceEvent[];
  readonly lookups: readonly Lookup[];
  readonly leaks: readonly Leak[];
  /** When they were made. */
  readonly now: number;
  /** The winner, if it is not simply the last that connected. */
  readonly winner?: string | undefined;
}

/** What has happened in a network. Times in ms of virtual time. */
export class NetworkReport {
  /** The attempts in the order of their starts. */
  readonly starts: readonly AttemptStart[];
  /** Their ends, in order. */
  readonly ends: readonly AttemptEnd[];
  /**
   * The address that won; absent if none did. In the report of a run, the address of the socket that the program returned, or of its
   * event `connected`; otherwise the last that connected.
   */
  readonly winner?: string;
  readonly lookups: readonly Lookup[];
  /**
   * What is still open: look-ups, attempts and timers. In the report of a run, also sockets that the program has neither returned nor
   * ended nor destroyed.
   */
  readonly leaks: readonly Leak[];
  /** Everything as events of a race, as `timeline` draws them. */
  readonly events: readonly RaceEvent[];
  readonly #attempts: readonly AttemptLog[];
  readonly #now: number;

  constructor({ attempts, events, lookups, leaks, now, winner }: Observations) {
    this.#attempts = attempts;
    this.#now = now;
    this.starts = attempts.map(startOf);
    this.ends = endsOf(attempts, events);
    const won = winner ?? lastConnected(events);
    if (won !== undefined) this.winner = won;
    this.lookups = lookups;
    this.leaks = leaks;
    this.events = events;
  }

  /** The most attempts that were in flight at the same time. */
  get mostInFlight(): number {
    let [now, most] = [0, 0];
    for (const { type } of this.events) {
      if (type === 'started') most = Math.max(most, ++now);
      else if (type === 'failed' || type === 'cancelled' || type === 'connected') now--;
    }
    return most;
  }

  /** The addresses whose attempts were in flight at an instant: started by then, and not ended. */
  inFlight(at: number): string[] {
    return this.#attempts
      .filter((attempt) => attempt.at <= at && (attempt.endedAt ?? Infinity) > at)
      .map(({ endpoint }) => endpoint.address);
  }

  /** What has happened, as a picture in text. */
  timeline(options?: TimelineOptions): string {
    const goesOn = this.#attempts.some(({ endedAt }) => endedAt === undefined);
    return timeline(this.events, { ...(goesOn && { until: this.#now }), ...options });
  }

  /**
   * Expects that nothing is left.
   *
   * @throws Error with the leaks, and a picture
   */
  expectClean(): void {
    if (this.leaks.length > 0) throw leftBehind(this.leaks, this.timeline());
  }
}

/** An attempt as far as its start is concerned. */
export function startOf({ endpoint: { address, port }, at, attempt }: AttemptLog): AttemptStart {
  return { address, port, at, attempt };
}

/** The ends of attempts, in order. */
export function endsOf(attempts: readonly AttemptLog[], events: readonly RaceEvent[]): AttemptEnd[] {
  const logs = new Map(attempts.map((log) => [log.endpoint, log]));
  return events.flatMap((event): AttemptEnd[] => {
    if (event.type !== 'failed' && event.type !== 'cancelled' && event.type !== 'connected') return [];
    const error = event.type === 'failed' ? { error: event.error } : {};
    return [{ ...startOf(logs.get(event.endpoint)!), at: event.at, outcome: event.type, ...error }];
  });
}

/** The address of the last attempt that connected. */
export function lastConnected(events: readonly RaceEvent[]): string | undefined {
  return events.flatMap((event) => (event.type === 'connected' ? [event.endpoint.address] : [])).at(-1);
}

/** The error for a program that left something behind. */
export function leftBehind(leaks: readonly Leak[], picture: string): Error {
  return new Error(
    `the program has left something behind:\n${leaks.map((leak) => `  ${describeLeak(leak)}`).join('\n')}\n\n${picture}`,
  );
}

/** A leak in words. */
export function describeLeak({ kind, what, since }: Leak): string {
  return kind === 'timer' ? `a timer that is due at ${what}` : `${kind} of ${what}, since ${since} ms`;
}

/** How long a program has run; or why it was not over. */
export type Finish = { readonly finish: number } | { readonly waits: string };

/** The result of a program, and what happened in the network meanwhile. */
export class RunReport<T> extends NetworkReport {
  /** When it ended, in ms since it began; absent if it was given up, or waits for nothing. */
  readonly finish?: number;
  readonly #waits?: string;

  constructor(
    observations: Observations,
    /** What it emitted, or its promise was fulfilled with. */
    readonly values: readonly T[],
    finish: Finish,
    /** What it failed with. */
    readonly error?: unknown,
  ) {
    super(observations);
    if ('waits' in finish) this.#waits = finish.waits;
    else this.finish = finish.finish;
  }

  /** The last of its values. */
  get value(): T | undefined {
    return this.values.at(-1);
  }

  /**
   * Expects that the program is over and that nothing is left.
   *
   * @throws Error with what is left, and a picture
   */
  override expectClean(): void {
    if (this.#waits === undefined) return super.expectClean();
    const waiting = this.leaks.map((leak) => `\n  ${describeLeak(leak)}`).join('');
    throw new Error(`the program ${this.#waits}${waiting}\n\n${this.timeline()}`);
  }
}
