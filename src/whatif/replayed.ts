import type { Recording } from './recording.js';
import { emptySample, isAnswered, keep, resultOf, type Result, type Sample } from './sample.js';
import { attemptsOf } from './recorded-attempts.js';
import type { RecordedRace } from './recorded-race.js';
import type { Terms } from './terms.js';

/** Terms that take the place of those of each race. */
export type Change = (terms: Terms) => Terms;

/** Runs a race of a recording again, and keeps what comes of it at its place in a sample. */
export function replay(recording: Recording, index: number, change: Change, seed: number, sample: Sample, place = index): void {
  keep(sample, place, resultOf(recording.replay(index, change(recording.termsOf(index)), seed)));
}

/** Runs all races of a recording again. */
export function replayAll(recording: Recording, change: Change, seed: number): Sample {
  const sample = emptySample(recording.races.length);
  recording.races.forEach((_, index) => {
    replay(recording, index, change, seed, sample);
  });
  return sample;
}

/** What was recorded. Losers that are still to connect are not known to have been established, unless their handshake had begun. */
export function asRecorded(races: readonly RecordedRace[]): Sample {
  const sample = emptySample(races.length);
  races.forEach((race, index) => {
    keep(sample, index, recordedResult(race));
  });
  return sample;
}

function recordedResult(race: RecordedRace): Result {
  const attempts = attemptsOf(race);
  const place = attempts.findIndex(({ fate }) => fate?.outcome === 'connects') + 1;
  const winner = attempts[place - 1];
  const wasted = attempts.filter(
    ({ fate, tlsAfter, after }) =>
      !fate && tlsAfter !== undefined && isAnswered({ outcome: 'hangs', after: Infinity, tlsAfter }, after),
  );
  return { time: race.duration, attempts: attempts.length, wasted: wasted.length, family: winner?.endpoint.family ?? 0, place };
}
