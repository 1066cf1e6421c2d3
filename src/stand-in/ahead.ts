import type { History } from '../connector/path-history.js';
import { failuresLast } from '../core/race/path-records.js';
import { given } from '../core/input/checks.js';
import { isWatched } from '../observe/observed.js';
import { nat64Stages } from '../plan/nat64.js';
import { checkOptions, type RaceOptions } from '../plan/options.js';
import type { Ahead, FindAhead } from './head-start.js';

/** Options that affect neither which address is tried first, nor how, nor what is reported. */
export const NOT_OF_THE_FIRST_ATTEMPT: readonly (keyof RaceOptions)[] = [
  'connectionAttemptDelay',
  'minimumConnectionAttemptDelay',
  'maximumConnectionAttemptDelay',
  'connectionAttemptDelayMultiplier',
  'resolutionDelay',
  'maxConcurrentAttempts',
  'interleave',
  'firstAddressFamilyCount',
  'random',
];

/** What the first attempts of races with these options need; `undefined` if an option affects them. */
export function aheadOf(options: RaceOptions, history: (() => History) | undefined): FindAhead | undefined {
  const named = Object.keys(given(options)) as (keyof RaceOptions)[];
  const settings = checkOptions(given(options));
  const { connectionAttemptDelay: delay, scheduler, random } = settings;
  if (delay === 'adaptive' || !named.every((name) => NOT_OF_THE_FIRST_ATTEMPT.includes(name))) return undefined;
  const nat64 = nat64Stages(settings);
  return (found, port): Ahead | undefined => {
    // Observers must see the whole race.
    if (isWatched()) return undefined;
    const lived = history?.().begin(random, '');
    const { address, family } = (lived?.past ? failuresLast(found, lived.past) : found)[0]!;
    const endpoint = { address, family, port };
    if (nat64?.isOther(endpoint)) return undefined;
    const learn = (roundTrip: number) =>
      lived?.learn([
        { type: 'started', at: 0, endpoint },
        { type: 'connected', at: roundTrip, endpoint, value: undefined },
      ]);
    return { endpoint, delay, scheduler, learn };
  };
}
