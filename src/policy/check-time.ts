import type { SchedulerLike } from 'rxjs';
import { checkEach, LONGEST_DELAY, number, orInfinity, scheduler, type Checks } from '../core/input/checks.js';

/** Options of policies with a duration. */
export interface TimeOptions {
  /** Used for every timer and every timestamp. Default: monotonic real time. */
  readonly scheduler?: SchedulerLike | undefined;
}

const TIME_CHECKS: Checks<TimeOptions> = { scheduler };
const isDuration = orInfinity(number(0, LONGEST_DELAY));

/** Checks a duration in ms, and the options. */
export function checkTime(duration: unknown, options: unknown): void {
  isDuration('duration', duration);
  checkEach<TimeOptions>('options', options, TIME_CHECKS);
}
