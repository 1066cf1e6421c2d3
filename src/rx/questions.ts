import { EMPTY, map, merge, Subject, Subscription, switchMap, tap, timer, type Observable } from 'rxjs';
import type { Family } from '../core/address/address.js';
import { toError } from '../core/error-tools.js';
import { familiesInDoubt, recordType, wellFormed, type Answer } from '../core/race/answers.js';
import type { Answered, RaceEvent, Resolved } from '../core/race/events.js';
import { firstExpiry, type Known } from '../core/race/known-endpoints.js';
import { guarded } from './guarded.js';
import type { RacePlan } from './race-plan.js';
import type { Query } from './resolve.js';

/** What a race asks its resolver. */
export interface Questions {
  /** Follows the race's events, and asks for what expires. Holds all questions. */
  readonly listen: () => Subscription;
  /** Asks the first question. */
  readonly ask: () => void;
  /** Whether a question is under way, or ended by an event that has not been handled. */
  readonly open: () => boolean;
  /** Asks once more, if there is anything in doubt and it has not been asked before. Returns whether it was. */
  readonly insist: () => boolean;
}

/** The side of the race: its events as they are handled, and what is known after each answer. */
interface Asker<T> {
  readonly events$: Observable<RaceEvent<T>>;
  readonly known$: Observable<readonly Known[]>;
  /** ms since the race began. */
  readonly at: () => number;
  readonly raise: (event: Answered | Resolved) => void;
}

/** The least time between two questions for one type, in ms. */
const RENEWAL_INTERVAL = 1000;

const FAMILIES: readonly Family[] = [6, 4];

/**
 * All questions of a race.
 *
 *     {}                  ──► AAAA ──── A        the first
 *     { family: 6 }             ──► AAAA         AAAA has expired: again, at most once a second
 *     { insist: true }               ──► A       nothing is left, and some answers were assumed: once
 *
 * Raises `answered` for each answer, and `resolved` whenever no question is under way any more.
 */
export function createQuestions<T>(plan: RacePlan<T>, { events$, known$, at, raise }: Asker<T>): Questions {
  const held = new Subscription();
  const answers: Answer[] = [];
  const askedAt = new Map<Family, number>();
  /** The families that are being asked for because their addresses have expired. */
  const renewing = new Set<Family>();
  const renewed$ = new Subject<void>();
  let known: readonly Known[] = [];
  let underWay = 0;
  let open = false;
  let insisted = false;
  let failure: Error | undefined;

  const ask = (query: Query, onEnd: () => void = () => undefined) => {
    const now = at();
    const asked = askedAt.size > 0 && { askedAt: now };
    for (const family of FAMILIES) if ((query.family ?? family) === family) askedAt.set(family, now);
    underWay++;
    open = true;
    const ended = () => {
      underWay--;
      if (underWay === 0) {
        raise({ type: 'resolved', at: at(), ...(failure && { error: failure }) });
        failure = undefined;
      }
      onEnd();
    };
    const answers$ = guarded(() => plan.answers(query));
    held.add(
      answers$.subscribe({
        next: (given) => {
          const answer = wellFormed(given, plan.complain);
          if (answer) raise({ type: 'answered', at: at(), answer, ...asked });
        },
        error: (error: unknown) => {
          failure = toError(error);
          ended();
        },
        complete: ended,
      }),
    );
  };

  /** Emits the family when its addresses are to be asked for again. */
  const renewal = (family: Family): Observable<Family> => {
    const expiry = firstExpiry(known, recordType(family));
    if (expiry === Infinity || renewing.has(family)) return EMPTY;
    const dueAt = Math.max(expiry, (askedAt.get(family) ?? 0) + RENEWAL_INTERVAL);
    return timer(Math.max(dueAt - at(), 0), plan.scheduler).pipe(map(() => family));
  };

  const renew = (family: Family) => {
    renewing.add(family);
    ask({ family }, () => {
      renewing.delete(family);
      renewed$.next();
    });
  };

  const handled = (event: RaceEvent<T>) => {
    if (event.type === 'answered') answers.push(event.answer);
    if (event.type === 'resolved' && underWay === 0) open = false;
  };

  return {
    listen: () => {
      held.add(events$.subscribe(handled));
      held.add(
        merge(known$.pipe(tap((now) => (known = now))), renewed$)
          .pipe(switchMap(() => merge(...FAMILIES.map(renewal))))
          .subscribe(renew),
      );
      return held;
    },
    ask: () => {
      ask({});
    },
    open: () => open,
    insist: () => {
      const families = insisted ? [] : familiesInDoubt(answers).filter((family) => [0, family].includes(plan.family));
      if (families.length === 0) return false;
      insisted = true;
      ask(families.length === 1 ? { family: families[0], insist: true } : { insist: true });
      return true;
    },
  };
}
