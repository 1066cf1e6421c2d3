import { Observable, Subscription, throwError, type Subscriber } from 'rxjs';
import { checkEach, integer, orInfinity, type Checks } from '../core/input/checks.js';
import { codedError } from '../core/error-tools.js';
import { Guarded } from '../rx/guarded.js';
import { makeLayer, type AnyPolicy } from './make-policy.js';

/** Options of {@link bulkhead}. */
export interface BulkheadOptions {
  /** How many wait for a place, in order; what comes then fails. Default 0; `Infinity` allowed. */
  readonly queue?: number | undefined;
}

const BULKHEAD_CHECKS: Checks<BulkheadOptions> = { queue: orInfinity(integer(0, Number.MAX_SAFE_INTEGER)) };
const checkLimit = integer(1, Number.MAX_SAFE_INTEGER);

/**
 * Limits concurrency: lets `limit` calls through at a time.
 *
 *     1   ├────────●
 *     2      ├ ─ ─ ─├──────●       waits for a place, where there is a queue
 *     3         ✗                  fails with ERR_BULKHEAD_FULL
 *
 * A place is free again when its source has ended or has been cancelled, and has been torn down: what holds a connection until
 * then never overlaps with the next. The end is told after that. Places are counted for this one policy, wherever it is used.
 */
export function bulkhead(limit: number, options: BulkheadOptions = {}): AnyPolicy {
  checkLimit('limit', limit);
  checkEach('options', options, BULKHEAD_CHECKS);
  const { queue = 0 } = options;
  const waiting = new Set<() => void>();
  let running = 0;
  let admitting = false;

  /** One after another, also those that end at once: the stack does not grow with the queue. */
  const admit = () => {
    if (admitting) return;
    admitting = true;
    try {
      for (const enter of waiting) {
        if (running >= limit) break;
        waiting.delete(enter);
        enter();
      }
    } finally {
      admitting = false;
    }
  };

  const full = () => codedError('ERR_BULKHEAD_FULL', `${running} are running and ${waiting.size} waiting`);

  const through = <T>(source: Observable<T>) =>
    new Observable<T>((subscriber) => {
      if (running >= limit && waiting.size >= queue) return throwError(() => full()).subscribe(subscriber);
      const enter = () => {
        running++;
        const visit = new Visit(subscriber, () => {
          running--;
          admit();
        });
        subscriber.add(() => visit.leave());
        visit.enter(source);
      };
      waiting.add(enter);
      subscriber.add(() => waiting.delete(enter));
      admit();
      return undefined;
    });
  return makeLayer(through, `bulkhead(${limit})`);
}

/** The time that a source has a place. */
class Visit<T> extends Guarded<T> {
  private isOver = false;

  constructor(
    private readonly subscriber: Subscriber<T>,
    private readonly freed: () => void,
  ) {
    super();
  }

  enter(source: Observable<T>): void {
    this.listen(() => source);
  }

  /** Tears the source down, then gives the place back. Throws what the teardown throws. */
  leave(): void {
    if (this.isOver) return;
    this.isOver = true;
    try {
      // Not as a stream that is guarded: who unsubscribes is told, as without a bulkhead.
      Subscription.prototype.unsubscribe.call(this);
    } finally {
      this.freed();
    }
  }

  protected hasNext(value: T): void {
    this.subscriber.next(value);
  }

  protected hasFailed(error: unknown): void {
    this.leave();
    this.subscriber.error(error);
  }

  protected hasCompleted(): void {
    this.leave();
    this.subscriber.complete();
  }
}
