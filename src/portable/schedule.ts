import { checkEach } from '../core/input/checks.js';
import type { RaceEvent } from '../core/race/events.js';
import { Schedule } from '../core/race/schedule.js';
import { pacingOf } from '../plan/pacing-of.js';
import { checkDelaysTogether, defaults, racingChecks, type RacingOptions } from '../plan/racing-options.js';

/**
 * The schedule of a race that has not begun: `nextStart` says when the next attempt may start, `nextCandidate` which it is.
 *
 * @throws TypeError, RangeError for invalid options
 */
export function schedule(options: RacingOptions = {}): Schedule {
  checkEach('options', options, racingChecks);
  const settings = { ...defaults, ...options };
  checkDelaysTogether(settings);
  return new Schedule(pacingOf(settings, settings.family || (settings.preferFamily ?? 6)));
}

/** Takes one more event in, and returns the same schedule: `events$.pipe(scan(evolve, schedule()))`. */
export function evolve(schedule: Schedule, event: RaceEvent): Schedule {
  schedule.fold(event);
  return schedule;
}

/** When the next attempt may start, in ms since the race began; `Infinity`: not before something else happens. */
export function nextStart({ nextStart }: Schedule): number {
  return nextStart;
}
