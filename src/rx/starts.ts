import type { SchedulerLike, Subscription } from 'rxjs';
import { formatDuration } from '../core/format-duration.js';
import { codedError } from '../core/error-tools.js';
import type { Cancelled, Started } from '../core/race/events.js';
import type { Schedule } from '../core/race/schedule.js';

/** The loop that a start is raised in. */
interface Loop {
  readonly isPending: boolean;
  follow(event: Started | Cancelled): void;
}

/**
 * Brings the starts of a race when its schedule says so.
 *
 *     answered, queued  ──► schedule ──► timer, 0 ──► started          another answer may come in the same turn
 *     started           ──► schedule ──► timer, delay ──► started
 *     failed            ──► schedule ──► started
 *
 * After each event that was folded into the schedule, {@link derive} is to be called. There is never more than one timer.
 */
export class Starts {
  private timer: Subscription | undefined;

  /** @param at ms since the race began */
  constructor(
    private readonly schedule: Schedule,
    private readonly at: () => number,
    private readonly scheduler: SchedulerLike,
    private readonly loop: Loop,
  ) {}

  /**
   * Derives the next start anew: now, by a timer, or not before something else happens. While another answer may come in the same
   * turn, a start that is due waits for the end of the turn.
   */
  derive(): void {
    const { schedule } = this;
    this.timer?.unsubscribe();
    const start = schedule.nextStart;
    if (start === Infinity) return;
    const wait = Math.max(start - this.at(), 0);
    if (wait > 0 || schedule.gathering) {
      this.timer = this.scheduler.schedule(() => this.start(), wait);
      return;
    }
    // An event that waits may end the attempt that would give way. After that event, this is called again.
    if (!schedule.inTheWay || !this.loop.isPending) this.start();
  }

  stop(): void {
    this.timer?.unsubscribe();
  }

  /** At the cap, the oldest attempt gives way first, and the start follows from that. */
  private start(): void {
    const { inTheWay, nextCandidate } = this.schedule;
    const at = this.at();
    this.loop.follow(inTheWay ? gaveWay(inTheWay, at) : { type: 'started', at, endpoint: nextCandidate! });
  }
}

function gaveWay({ endpoint, at: startedAt }: Started, at: number): Cancelled {
  const error = codedError('ETIMEDOUT', `gave way to the next attempt after ${formatDuration(at - startedAt)}`);
  return { type: 'cancelled', at, endpoint, error };
}
