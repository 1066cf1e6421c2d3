import type { TestScheduler } from 'rxjs/testing';
import type { Endpoint } from '../core/endpoint.js';
import type { RaceEvent } from '../core/events.js';
import type { Family } from '../core/address.js';
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

/** An attempt ended. `cancelled`: whoever made it has let go of it. */
export interface AttemptEnd extends AttemptStart {
  readonly outcome: 'connected' | 'failed' | 'cancelled';
  /** What it failed with. */
  readonly error?: Error;
}

/** Somebody asked for a host's addresses. */
export interface Lookup {
  readonly host: string;
  /** The family that was asked for alone. */
  readonly family?: Family;
  readonly at: number;
  /** Absent while it goes on. */
  readonly endedAt?: number;
  readonly outcome?: 'answered' | 'failed' | 'cancelled';
}

/** What a program has not let go of. */
export interface Leak {
  readonly kind: 'attempt' | 'look-up' | 'socket' | 'timer';
  /** Which: an endpoint, a host; of a timer, when it is due. */
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
  /** Filled in for whoever compares it with marbles. */
  subscription?: SubscriptionLog;
}

/** All that a report is made of. */
export interface Observations {
  readonly attempts: readonly Readonly<AttemptLog>[];
  readonly events: readonly RaceEvent[];
  readonly lookups: readonly Lookup[];
  readonly leaks: readonly Leak[];
}

/** What has happened in a network. Times in ms of virtual time. */
export class NetworkReport {
  /** The attempts in the order of their starts. */
  readonly starts: readonly AttemptStart[];
  /** Their ends, in order. */
  readonly ends: readonly AttemptEnd[];
  /** The address that was connected to first; absent where none was. */
  readonly winner?: string;
  readonly lookups: readonly Lookup[];
  /**
   * What is still going on: look-ups, attempts and timers. In the report of a run also sockets that it has neither given back
   * nor ended nor destroyed.
   */
  readonly leaks: readonly Leak[];
  /** All of it in the words of a race, as `timeline` draws it. */
  readonly events: readonly RaceEvent[];
  readonly #attempts: readonly AttemptLog[];

  constructor({ attempts, events, lookups, leaks }: Observations) {
    const logs = new Map(attempts.map((log) => [log.endpoint, log]));
    const startOf = ({ endpoint: { address, port }, at, attempt }: AttemptLog): AttemptStart => ({ address, port, at, attempt });
    this.#attempts = attempts;
    this.starts = attempts.map(startOf);
    this.ends = events.flatMap((event): AttemptEnd[] => {
      if (event.type !== 'failed' && event.type !== 'cancelled' && event.type !== 'connected') return [];
      const error = event.type === 'failed' ? { error: event.error } : {};
      return [{ ...startOf(logs.get(event.endpoint)!), at: event.at, outcome: event.type, ...error }];
    });
    const winner = this.ends.find(({ outcome }) => outcome === 'connected');
    if (winner) this.winner = winner.address;
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
    return timeline(this.events, options);
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

/** The error of who has left something behind. */
export function leftBehind(leaks: readonly Leak[], picture: string): Error {
  return new Error(
    `the program has left something behind:\n${leaks.map((leak) => `  ${describeLeak(leak)}`).join('\n')}\n\n${picture}`,
  );
}

/** A leak in words. */
export function describeLeak({ kind, what, since }: Leak): string {
  return kind === 'timer' ? `a timer that is due at ${what}` : `${kind} of ${what}, since ${since} ms`;
}

/** What a program has come to, and what happened in the network meanwhile. */
export class RunReport<T> extends NetworkReport {
  constructor(
    observations: Observations,
    /** What it emitted, or its promise was fulfilled with. */
    readonly values: readonly T[],
    /** When it was over, in ms since it began; absent where it was still waiting, with nothing to wait for. */
    readonly finish?: number,
    /** What it failed with. */
    readonly error?: unknown,
  ) {
    super(observations);
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
    super.expectClean();
    if (this.finish !== undefined) return;
    throw new Error(`the program still waits, though nothing more will happen\n\n${this.timeline()}`);
  }
}
