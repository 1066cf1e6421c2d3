import { finalize, Observable, tap as rxTap, throwError } from 'rxjs';
import { checkEach, integer, orInfinity, type Checks } from '../core/input/checks.js';
import { codedError } from '../core/error-tools.js';
import { makeLayer, type AnyPolicy } from './make-policy.js';

/** Options of {@link bulkhead}. */
export interface BulkheadOptions {
  /** How many wait for a place, in order; what comes then fails. Default 0; `Infinity` allowed. */
  readonly queue?: number;
}

const checks: Checks<BulkheadOptions> = { queue: orInfinity(integer(0, Number.MAX_SAFE_INTEGER)) };
const checkLimit = integer(1, Number.MAX_SAFE_INTEGER);

/**
 * Lets so many through at a time.
 *
 *     1   ├────────●
 *     2      ├ ─ ─ ─├──────●       waits for a place, where there is a queue
 *     3         ✗                  fails with ERR_BULKHEAD_FULL
 *
 * A place is free again when its source has ended or has been cancelled. They are counted for this one policy, wherever it is
 * used.
 */
export function bulkhead(limit: number, options: BulkheadOptions = {}): AnyPolicy {
  checkLimit('limit', limit);
  checkEach('options', options, checks);
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
      let inside = false;
      const leave = () => {
        if (!inside) return;
        inside = false;
        running--;
        admit();
      };
      const enter = () => {
        inside = true;
        running++;
        // Before the end is told as well: who then asks again finds the place free.
        source.pipe(rxTap({ error: leave, complete: leave }), finalize(leave)).subscribe(subscriber);
      };
      waiting.add(enter);
      subscriber.add(() => waiting.delete(enter));
      admit();
      return undefined;
    });
  return makeLayer(through, `bulkhead(${limit})`);
}
