import type { Subscription } from 'rxjs';
import { FAMILIES, type Family } from '../core/address/address.js';
import { errorCode, toError } from '../core/error-tools.js';
import { normalName } from '../core/input/host-name.js';
import { familiesInDoubt, recordType, wellFormed, type Answer, type AnyAnswer } from '../core/race/answers.js';
import type { Answered, Resolved } from '../core/race/events.js';
import { firstExpiry, type KnownEndpoint } from '../core/race/known-endpoints.js';
import { Guarded, Listener } from './guarded.js';
import type { Services, ServiceQuery } from '../core/race/services.js';
import type { RacePlan } from './race-plan.js';
import type { Query } from './resolver.js';

/** The least time between two queries of one type, in ms. */
const RENEWAL_INTERVAL = 1000;

/**
 * The queries that a race makes.
 *
 *     {}                  ──► AAAA ──── A        the first query
 *     { family: 6 }             ──► AAAA         AAAA has expired: at most once a second
 *     { insist: true }               ──► A       nothing is left, and some answers were assumed: once
 *
 * Raises `answered` for each answer, and `resolved` whenever no query is in progress any more. The race reports which of these
 * events it has handled, since the next queries depend on them.
 */
export class Questions<T> {
  private readonly answers: AnyAnswer[] = [];
  private underWay = 0;
  /** The number of `resolved` events that have been raised but not handled. */
  private ends = 0;
  private unhandled = false;
  private insisted = false;
  /** The latest error of a query that no handled `resolved` had. */
  private failure: Error | undefined;
  private renewals: Renewals | undefined;

  /**
   * @param at ms since the race began
   * @param held holds all queries in progress, and the timers of later ones
   */
  constructor(
    private readonly plan: RacePlan<T>,
    private readonly at: () => number,
    private readonly held: Subscription,
    private readonly loop: { raise(event: Answered | Resolved): void },
    private readonly services?: Services,
  ) {}

  /** Whether a query is in progress, or has ended by an event that has not been handled. */
  get isOpen(): boolean {
    return this.unhandled;
  }

  /** Whether a `resolved` that is about to be handled is the last one: answers handled since may have led to more queries. */
  isLastEnd(): boolean {
    return --this.ends === 0 && this.underWay === 0;
  }

  /** Makes the first query; with service records, one for each name. */
  ask(): void {
    if (this.services) this.askNames(this.services, undefined);
    else this.begin(EVERYTHING, undefined);
  }

  /** Makes the queries that service records and the look-ups so far call for. */
  private askNames(services: Services, askedAt: number | undefined): void {
    for (const question of services.questions()) {
      const done = () => {
        services.end(question);
        this.askNames(services, this.at());
      };
      if (question.type === 'HTTPS') this.beginRecords(question, askedAt, done);
      else this.begin(question.family ? { family: question.family } : EVERYTHING, askedAt, this.nameOf(question), done);
    }
  }

  private beginRecords({ name }: ServiceQuery, askedAt: number | undefined, done: () => void): void {
    const { records, drops } = this.plan.services!;
    // If the race does not wait for records, they count as absent until they arrive.
    if (drops.isUnanswered()) this.tell({ type: 'HTTPS', ...this.named(name), records: [], assumed: true }, askedAt);
    let isAnswered = false;
    this.held.add(() => {
      if (!isAnswered && this.services!.hasWaitedFor(name, this.at())) drops.hasDropped();
    });
    const question = new Listener<AnyAnswer>({
      next: (answer) => {
        if (answer.type !== 'HTTPS') {
          this.hasCome(answer, askedAt);
          return;
        }
        isAnswered = true;
        if (errorCode(answer.error) === 'ETIMEOUT') drops.hasDropped();
        else drops.hasAnswered();
        this.tell({ ...answer, ...this.named(name) }, askedAt);
      },
      error: (error) => this.hasEnded(done, toError(error)),
      complete: () => this.hasEnded(done),
    });
    this.opened(question);
    question.listen(() => records(name));
  }

  /** The `name` of an answer: absent for the host itself. */
  private named(name: string): { readonly name?: string } {
    return name === normalName(this.plan.host) ? {} : { name };
  }

  private nameOf({ name }: ServiceQuery): string | undefined {
    return this.named(name).name;
  }

  /** Queries once more, unless nothing is in doubt or this has been done before. Returns whether it does. */
  insist(): boolean {
    const families = this.insisted ? [] : familiesInDoubt(this.answers).filter((family) => this.isWanted(family));
    if (families.length === 0) return false;
    this.insisted = true;
    this.beginAgain(families.length === 1 ? { family: families[0], insist: true } : { insist: true });
    return true;
  }

  /** Records that an answer has been handled. Endpoints that expire are queried again in time. */
  hasAnswered(answer: AnyAnswer, known: readonly KnownEndpoint[]): void {
    this.answers.push(answer);
    if (this.services) this.askNames(this.services, this.at());
    if (this.renewals === undefined && known.every(({ expiresAt }) => expiresAt === Infinity)) return;
    this.renewals ??= new Renewals(this.plan.scheduler, this.at, this.held, (family, done) => {
      this.beginAgain({ family }, done);
    });
    this.renewals.plan(known);
  }

  /** Records that a `resolved` event has been handled. Until then, later ones have its error as well. */
  hasResolved({ error }: Resolved): void {
    if (this.failure === error) this.failure = undefined;
    if (this.underWay === 0) this.unhandled = false;
  }

  private isWanted(family: Family): boolean {
    return this.plan.family === 0 || this.plan.family === family;
  }

  /** Repeats a query for every name. */
  private beginAgain(query: Query, done?: () => void): void {
    const names = this.services?.askedNames.map((name) => this.named(name).name) ?? [undefined];
    let open = names.length;
    for (const name of names) {
      const one = () => {
        if (--open === 0) done?.();
      };
      this.begin(query, this.at(), name, one);
    }
  }

  private begin(query: Query, askedAt: number | undefined, name?: string, done?: () => void): void {
    this.renewals?.asked(query.family, this.at());
    const question = new Question(this, { askedAt, name, done });
    this.opened(question);
    question.listen(() => this.plan.answers(query, name));
  }

  private opened(question: Subscription): void {
    this.underWay++;
    this.unhandled = true;
    this.held.add(question);
  }

  hasCome(given: Answer, askedAt: number | undefined): void {
    const answer = wellFormed(given, this.plan.complain);
    if (answer) this.tell(answer, askedAt);
  }

  private tell(answer: AnyAnswer, askedAt: number | undefined): void {
    const at = this.at();
    this.loop.raise(askedAt === undefined ? { type: 'answered', at, answer } : { type: 'answered', at, answer, askedAt });
  }

  hasEnded(done: (() => void) | undefined, error = this.failure): void {
    this.underWay--;
    this.failure = error;
    // First, because it may make more queries.
    done?.();
    if (this.underWay === 0) this.haveAllEnded();
  }

  private haveAllEnded(): void {
    const { failure } = this;
    const at = this.at();
    this.ends++;
    this.loop.raise(failure ? { type: 'resolved', at, error: failure } : { type: 'resolved', at });
  }
}

/** For both families. */
const EVERYTHING: Query = {};

/** The circumstances of a query. */
interface Asked {
  readonly askedAt: number | undefined;
  /** Absent: the host itself. */
  readonly name: string | undefined;
  readonly done: (() => void) | undefined;
}

/** A query for addresses in progress. */
class Question extends Guarded<Answer> {
  constructor(
    private readonly questions: Pick<Questions<unknown>, 'hasCome' | 'hasEnded'>,
    private readonly asked: Asked,
  ) {
    super();
  }

  protected hasNext(given: Answer): void {
    const { name, askedAt } = this.asked;
    this.questions.hasCome(name === undefined ? given : { ...given, name }, askedAt);
  }

  protected hasFailed(error: unknown): void {
    this.questions.hasEnded(this.asked.done, toError(error));
  }

  protected hasCompleted(): void {
    this.questions.hasEnded(this.asked.done);
  }
}

/** Asks for each family whose addresses expire, one question at a time and at most one in `RENEWAL_INTERVAL`. */
class Renewals {
  private known: readonly KnownEndpoint[] = [];
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

  /** Computes when each family is queried again. */
  plan(known: readonly KnownEndpoint[]): void {
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
