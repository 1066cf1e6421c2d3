import type { Subscription } from 'rxjs';
import type { Family } from '../core/address/address.js';
import { toError } from '../core/error-tools.js';
import { FAMILIES, familiesInDoubt, recordType, wellFormed, type Answer } from '../core/race/answers.js';
import type { Answered, Resolved } from '../core/race/events.js';
import { firstExpiry, type Known } from '../core/race/known-endpoints.js';
import { Listener } from './guarded.js';
import type { RacePlan } from './race-plan.js';
import type { Query } from './resolve.js';

/** The least time between two questions for one type, in ms. */
const RENEWAL_INTERVAL = 1000;

/**
 * What a race asks its resolver.
 *
 *     {}                  ──► AAAA ──── A        the first question
 *     { family: 6 }             ──► AAAA         AAAA has expired: again, at most once a second
 *     { insist: true }               ──► A       nothing is left, and some answers were assumed: once
 *
 * Raises `answered` for each answer, and `resolved` whenever no question is under way any more. The race says what it has
 * handled, since what is to be asked follows from that.
 */
export class Questions<T> {
  private readonly answers: Answer[] = [];
  private underWay = 0;
  private unhandled = false;
  private insisted = false;
  private failure: Error | undefined;
  private renewals: Renewals | undefined;

  /**
   * @param at ms since the race began
   * @param held holds all questions under way, and the timers of those to come
   */
  constructor(
    private readonly plan: RacePlan<T>,
    private readonly at: () => number,
    private readonly held: Subscription,
    private readonly loop: { raise(event: Answered | Resolved): void },
  ) {}

  /** Whether a question is under way, or ended by an event that has not been handled. */
  get isOpen(): boolean {
    return this.unhandled;
  }

  /** Asks the first question. */
  ask(): void {
    this.begin({}, undefined);
  }

  /** Asks once more, if there is anything in doubt and it has not been asked before. Returns whether it was. */
  insist(): boolean {
    const families = this.insisted ? [] : familiesInDoubt(this.answers).filter((family) => this.isWanted(family));
    if (families.length === 0) return false;
    this.insisted = true;
    this.begin(families.length === 1 ? { family: families[0], insist: true } : { insist: true }, this.at());
    return true;
  }

  /** An answer has been handled, after which the race knows these endpoints: what expires is asked for in time. */
  hasAnswered(answer: Answer, known: readonly Known[]): void {
    this.answers.push(answer);
    if (this.renewals === undefined && known.every(({ expiresAt }) => expiresAt === Infinity)) return;
    this.renewals ??= new Renewals(this.plan.scheduler, this.at, this.held, (family, done) => {
      this.begin({ family }, this.at(), done);
    });
    this.renewals.plan(known);
  }

  /** A `resolved` has been handled. */
  hasResolved(): void {
    if (this.underWay === 0) this.unhandled = false;
  }

  private isWanted(family: Family): boolean {
    return this.plan.family === 0 || this.plan.family === family;
  }

  private begin(query: Query, askedAt: number | undefined, done?: () => void): void {
    this.underWay++;
    this.unhandled = true;
    this.renewals?.asked(query.family, this.at());
    const question = new Listener<Answer>({
      next: (given) => this.hasCome(given, askedAt),
      error: (error) => this.hasEnded(done, toError(error)),
      complete: () => this.hasEnded(done),
    });
    this.held.add(question);
    question.listen(() => this.plan.answers(query));
  }

  private hasCome(given: Answer, askedAt: number | undefined): void {
    const answer = wellFormed(given, this.plan.complain);
    if (!answer) return;
    const at = this.at();
    this.loop.raise(askedAt === undefined ? { type: 'answered', at, answer } : { type: 'answered', at, answer, askedAt });
  }

  private hasEnded(done: (() => void) | undefined, error = this.failure): void {
    this.underWay--;
    this.failure = error;
    if (this.underWay === 0) this.haveAllEnded();
    done?.();
  }

  private haveAllEnded(): void {
    const { failure } = this;
    const at = this.at();
    this.failure = undefined;
    this.loop.raise(failure ? { type: 'resolved', at, error: failure } : { type: 'resolved', at });
  }
}

/** Asks for each family whose addresses expire, one question at a time and at most one in `RENEWAL_INTERVAL`. */
class Renewals {
  private known: readonly Known[] = [];
  private readonly askedAt = new Map<Family, number>();
  private readonly underWay = new Set<Family>();
  private readonly timers = new Map<Family, Subscription>();

  constructor(
    private readonly scheduler: RacePlan<unknown>['scheduler'],
    private readonly at: () => number,
    private readonly held: Subscription,
    private readonly ask: (family: Family, done: () => void) => void,
  ) {}

  asked(family: Family | undefined, at: number): void {
    for (const one of FAMILIES) if ((family ?? one) === one) this.askedAt.set(one, at);
  }

  /** Derives anew when each family is to be asked for again. */
  plan(known: readonly Known[]): void {
    this.known = known;
    for (const family of FAMILIES) this.wait(family);
  }

  private wait(family: Family): void {
    this.timers.get(family)?.unsubscribe();
    const expiry = firstExpiry(this.known, recordType(family));
    if (expiry === Infinity || this.underWay.has(family)) return;
    const dueAt = Math.max(expiry, (this.askedAt.get(family) ?? 0) + RENEWAL_INTERVAL);
    const timer = this.scheduler.schedule(() => this.renew(family), Math.max(dueAt - this.at(), 0));
    this.timers.set(family, timer);
    this.held.add(timer);
  }

  private renew(family: Family): void {
    this.underWay.add(family);
    this.ask(family, () => {
      this.underWay.delete(family);
      this.wait(family);
    });
  }
}
