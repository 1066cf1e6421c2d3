import type { Endpoint } from '../core/race/endpoint.js';
import type { Answered, RaceEvent, Resolved, Started } from '../core/race/events.js';
import { interleave } from '../core/race/interleave.js';
import { Schedule } from '../core/race/schedule.js';
import { pacingOf, type Terms } from './terms.js';
import type { Fate, World } from './world.js';

/** An attempt of a race that was played. Instants in ms since the race began. */
export interface Played {
  readonly endpoint: Endpoint;
  readonly startedAt: number;
  readonly fate: Fate;
  endedAt: number;
  outcome: 'connected' | 'failed' | 'cancelled' | 'open';
}

/** What came of a race that was played. */
export interface Run {
  /** In the order of their starts. */
  readonly attempts: readonly Played[];
  readonly winner?: Played;
  /** Why there is no winner. */
  readonly lost?: 'attempts' | 'timeout' | 'resolution';
  readonly finish: number;
}

/**
 * Plays a race in a world: the schedule of the package, folded from events that come in the order of time without any timer.
 *
 *     lookup ──► answered, resolved ──┐
 *                                     ▼
 *                  one event at a time ──► schedule ──► the next start, or what happens before
 *                                     ▲                                  │
 *     fates  ──► failed, connected ───┘ ◄────────────────────────────────┘
 *
 * It takes some microseconds. That it agrees with the race itself is what spec/whatif/play.spec.ts shows.
 *
 * @param tell called with each event, as the race emits it
 */
export function play(world: World, terms: Terms, tell?: (event: RaceEvent) => void): Run {
  return new Play(world, terms, tell).run();
}

/** Something that is to happen, unless its attempt has ended before. */
interface Happening {
  readonly at: number;
  /** What was foreseen first happens first. */
  readonly number: number;
  readonly what: Answered | Resolved | 'progress' | 'connect' | 'fail' | 'lose';
  readonly of?: Played;
}

class Play {
  private readonly schedule: Schedule;
  private readonly attempts: Played[] = [];
  /** In the order of time. */
  private readonly future: Happening[] = [];
  /** What has happened, and waits for what happened before. */
  private readonly waiting: (RaceEvent | Played)[] = [];
  private now = 0;
  private foreseen = 0;
  /** When the next attempt is due, if nothing happens before. */
  private startAt = Infinity;
  private startNumber = 0;
  private toCome: number;
  private over: Run | undefined;

  constructor(
    private readonly world: World,
    private readonly terms: Terms,
    private readonly tell?: (event: RaceEvent) => void,
  ) {
    this.schedule = new Schedule(pacingOf(terms, world.delayOf), world.gate);
    this.toCome = world.lookup.length;
    if (terms.connectTimeout < Infinity) this.foresee(terms.connectTimeout, 'lose');
    for (const event of world.lookup) this.foresee(event.at, event);
  }

  run(): Run {
    while (!this.over) {
      const waits = this.waiting.shift();
      if (waits) this.happened(waits);
      else this.goOn();
    }
    return this.over;
  }

  /** What comes next: a start, or what was foreseen. */
  private goOn(): void {
    const { future } = this;
    while (future[0]?.of && future[0].of.outcome !== 'open') future.shift();
    const next = future[0];
    const isStart = this.startAt < (next?.at ?? Infinity) || (this.startAt === next?.at && this.startNumber < next.number);
    if (isStart) {
      this.now = this.startAt;
      this.startAt = Infinity;
      this.start();
      return;
    }
    // Nothing can come any more, and there is no time-out.
    if (!next) return this.lose('timeout', Infinity);
    future.shift();
    this.now = next.at;
    this.tick(next);
  }

  private tick({ what, of }: Happening): void {
    if (what === 'lose') this.lose('timeout');
    else if (typeof what === 'object') this.waiting.push(what);
    else if (what === 'progress') this.waiting.push(this.progressed(of!));
    else this.end(of!, what);
  }

  private progressed({ endpoint, startedAt }: Played): RaceEvent {
    const { now } = this;
    return { type: 'progressed', at: now, endpoint, stage: 'tls', after: now - startedAt };
  }

  /** An attempt has ended by itself; that is handled in its turn. */
  private end(attempt: Played, how: 'connect' | 'fail'): void {
    attempt.outcome = how === 'connect' ? 'connected' : 'failed';
    attempt.endedAt = this.now;
    this.waiting.push(attempt);
  }

  private happened(what: RaceEvent | Played): void {
    const event = 'type' in what ? what : this.ended(what);
    if (!event) return;
    this.tell?.(event);
    if (event.type === 'answered') this.answered(event);
    else if (event.type === 'resolved') this.toCome--;
    else if (event.type === 'started') this.attempt(event);
    else if (event.type === 'cancelled') this.giveWay(event.endpoint);
    this.schedule.fold(event);
    this.pace();
  }

  /** The end of an attempt as an event; nothing for the end of the race. */
  private ended(attempt: Played): RaceEvent | undefined {
    const { endpoint, outcome } = attempt;
    if (outcome === 'failed') return { type: 'failed', at: this.now, endpoint, error: FAILURE };
    this.finish({ winner: attempt });
    return undefined;
  }

  private answered(event: Answered): void {
    this.toCome--;
    this.world.gate?.fold(event);
    const endpoints = this.world.endpointsAfter(event);
    if (!endpoints) return;
    const unstarted = this.schedule.unstarted(interleave(endpoints, this.terms));
    this.waiting.unshift({ type: 'queued', at: this.now, endpoints: unstarted });
  }

  private attempt({ endpoint, at }: Started): void {
    const fate = this.world.fateOf(endpoint);
    const attempt: Played = { endpoint, startedAt: at, fate, endedAt: Infinity, outcome: 'open' };
    this.attempts.push(attempt);
    const { outcome, after, tlsAfter } = fate;
    if (tlsAfter !== undefined) this.foresee(at + tlsAfter, 'progress', attempt);
    const how = outcome === 'connects' ? 'connect' : 'fail';
    if (after === 0) return this.end(attempt, how);
    if (outcome !== 'hangs' && after < Infinity) this.foresee(at + after, how, attempt);
    if (this.terms.attemptTimeout < Infinity) this.foresee(at + this.terms.attemptTimeout, 'fail', attempt);
  }

  private giveWay(endpoint: Endpoint): void {
    const attempt = this.attempts.find((one) => one.endpoint === endpoint)!;
    attempt.outcome = 'cancelled';
    attempt.endedAt = this.now;
  }

  private pace(): void {
    const { schedule, now } = this;
    this.startAt = Infinity;
    if (schedule.exhausted) {
      if (schedule.terminated || this.toCome === 0) this.lose(this.attempts.length > 0 ? 'attempts' : 'resolution');
      return;
    }
    const due = Math.max(schedule.nextStart, now);
    if (due === Infinity) return;
    if (due > now || schedule.gathering) {
      this.startAt = due;
      this.startNumber = this.foreseen++;
    } else if (!schedule.inTheWay || this.waiting.length === 0) this.start();
  }

  private start(): void {
    const { inTheWay, nextCandidate } = this.schedule;
    const type = inTheWay ? 'cancelled' : 'started';
    this.waiting.unshift({ type, at: this.now, endpoint: inTheWay?.endpoint ?? nextCandidate! });
  }

  private lose(lost: NonNullable<Run['lost']>, at = this.now): void {
    this.finish({ lost }, at);
  }

  private finish(how: Pick<Run, 'winner' | 'lost'>, at = this.now): void {
    for (const attempt of this.attempts) {
      const isHandled = attempt.outcome !== 'open' && !this.waiting.includes(attempt);
      if (isHandled || attempt === how.winner) continue;
      attempt.outcome = 'cancelled';
      attempt.endedAt = at;
      this.tell?.({ type: 'cancelled', at, endpoint: attempt.endpoint });
    }
    if (how.winner) this.tell?.({ type: 'connected', at, endpoint: how.winner.endpoint, value: undefined });
    this.over = { ...how, attempts: this.attempts, finish: at };
  }

  private foresee(at: number, what: Happening['what'], of?: Played): void {
    const { future } = this;
    let place = future.length;
    while (place > 0 && future[place - 1]!.at > at) place--;
    future.splice(place, 0, { at, number: this.foreseen++, what, ...(of && { of }) });
  }
}

const FAILURE = new Error('failed');
