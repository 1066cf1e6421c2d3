import type { RacePlan } from '../rx/race-plan.js';
import type { RaceContext } from './channels.js';

/** What a recording needs of a plan. */
export type RecordedPlan = Pick<RacePlan<unknown>, 'family' | 'pacing' | 'interleaving' | 'attemptTimeout' | 'connectTimeout'>;

/** Marks a process whose races are recorded, by whichever copy of this package. */
const RECORDING = Symbol.for('rx-happy-eyeballs.recording');
const PLAN = Symbol.for('rx-happy-eyeballs.plan');

const shared = process as { [RECORDING]?: true };

export function isRecording(): boolean {
  return shared[RECORDING] === true;
}

export function markRecording(): void {
  shared[RECORDING] = true;
}

/** Lets the recorder of this process, which may be that of another copy of this package, know how a race is run. */
export function notePlan(context: RaceContext, plan: RecordedPlan): void {
  if (isRecording()) Object.defineProperty(context, PLAN, { value: plan });
}

export function notedPlan(context: RaceContext): RecordedPlan | undefined {
  return (context as { [PLAN]?: RecordedPlan })[PLAN];
}
