import type { SchedulerLike, Subscription } from 'rxjs';
import { formatDuration } from '../core/format-duration.js';
import { codedError } from '../core/error-tools.js';
import type { Cancelled, Started } from '../core/race/events.js';
import type { Schedule } from '../core/race/schedule.js';

/** The event loop that starts are raised in. */
interface Loop {
  readonly isPending: boolean;
  follow(event: Started | Cancelled): void;
}

/**
 * Raises the starts of a race when its schedule says so.
 *
 *     answered, queued  ──► schedule ──► timer, 0 ──► started          another answer may arrive in the same turn
 *     started           ──► schedule ──► timer, delay ──► started
 *     failed            ──► schedule ──► started
 *
 * Call {@link derive} after each event that was folded into the schedule. There is never more than one timer.
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
   * Derives the next start: at once, by a timer, or not until another event. While another answer may arrive in the same
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
    // A waiting event may end the attempt that would give way. This is called again after that event.
    if (!schedule.inTheWay || !this.loop.isPending) this.start();
  }

  stop(): void {
    this.timer?.unsubscribe();
  }

  /** Raises the start. At the cap, the oldest attempt gives way first, and the start follows from that event. */
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
