import { setImmediate as endOfTurn } from 'node:timers/promises';
import { invalidValue } from '../../core/input/argument-errors.js';
import { bootstrap, difference, LEAST_GROUPS, type Intervals } from '../../whatif/bootstrap.js';
import { Figuring, type Figures, type Groups } from '../../whatif/figures.js';
import type { RecordedRace } from '../../whatif/recorded-race.js';
import { Recording } from '../../whatif/recording.js';
import { asRecorded, replay, type Change } from '../../whatif/replayed.js';
import { emptySample, type Sample } from '../../whatif/sample.js';
import { grouped, type Flag, type Flags } from '../flag.js';
import { jsonText } from '../json-text.js';
import type { OutputFile } from '../output-file.js';
import { INTERRUPTED, OK, untilInterrupted, type Terminal } from '../terminal.js';
import { changeOf, changesOf, sweepOf, whole, type Sweep } from './flags.js';
import { progressOf } from './progress.js';
import { readRecordings } from './read-recording.js';
import { openCurve, sweepCurve, sweepText, type Swept } from './sweep.js';
import { certainty, compared, type Row } from './table.js';
import { defaultTerms } from './terms.js';

export const WHATIF_FLAGS: readonly Flag[] = grouped('Comparison', [
  { usage: '--seed <n>', meaning: 'For what is drawn: the same seed gives the same figures', default: '1' },
]);

/** How often the races are replayed. Each replay draws new values for what is unknown. */
const REPLAYS = 5;

/** `rx-happy-eyeballs whatif <recording…>`. @returns the exit status */
export async function whatifCommand(files: readonly string[], flags: Flags, terminal: Terminal): Promise<number> {
  const seed = whole(flags, 'seed', 0, 2 ** 32 - 1, 1);
  const change = changeOf(flags);
  const sweep = sweepOf(flags);
  const file = openCurve(flags);
  const { interrupted, release } = untilInterrupted(terminal);
  try {
    const all = await readRecordings(files, interrupted);
    // A cancelled race shows how its paths behave, but has no result to compare.
    const counted = all.flatMap(({ outcome }, index) => (outcome === 'cancelled' ? [] : [index]));
    if (counted.length === 0) throw invalidValue('recording', 'holds no race that has ended', files.join(', '));
    const total = counted.length * (sweep ? sweep.steps.length : 2 * REPLAYS);
    const replays: Replays = { all, counted, seed, interrupted, progress: progressOf(terminal.stderr, 'races', total) };
    const shown = sweep
      ? await sweepShown(replays, sweep, flags, file)
      : await comparisonShown(replays, change, changesOf(flags), flags);
    terminal.stdout.write(shown);
    return OK;
  } catch (error) {
    if (!interrupted.aborted) throw error;
    terminal.stderr.write('Interrupted.\n');
    return INTERRUPTED;
  } finally {
    file?.close();
    release();
  }
}

/** Recorded races that are replayed. */
interface Replays {
  readonly all: readonly RecordedRace[];
  /** The indices of those that have a result. */
  readonly counted: readonly number[];
  readonly seed: number;
  readonly interrupted: AbortSignal;
  readonly progress: ReturnType<typeof progressOf>;
}

/** Replays races with different changes, one after another. @returns a function that replays all of them once */
function replaying({ all, counted, seed, interrupted, progress }: Replays): (how: Change, draw: number) => Promise<Sample> {
  const recording = new Recording(all, defaultTerms());
  let done = 0;
  return async (how, draw) => {
    const sample = emptySample(counted.length);
    for (const [place, index] of counted.entries()) {
      if (done % SLICE === 0) {
        progress.show(Math.max(done, 1));
        await endOfTurn();
        interrupted.throwIfAborted();
      }
      replay(recording, index, how, seed + draw, sample, place);
      done++;
    }
    return sample;
  };
}

/** The output for `--sweep`. @param file takes the curve */
async function sweepShown(replays: Replays, { option, steps }: Sweep, flags: Flags, file?: OutputFile): Promise<string> {
  const run = replaying(replays);
  const rows: Row[] = [];
  for (const { value, change } of steps) {
    rows.push({ name: String(value), figures: new Figuring(await run(change, 0)).figures() });
  }
  replays.progress.clear();
  const swept: Swept = { races: replays.counted.length, seed: replays.seed, option, rows };
  file?.write(sweepCurve(swept));
  return sweepText(swept, flags);
}

/** The output without `--sweep`. @param changes the changed options as text */
async function comparisonShown(replays: Replays, change: Change, changes: string, { json }: Flags): Promise<string> {
  const { all, counted, seed } = replays;
  const run = replaying(replays);
  const [before, after] = [[], []] as [Sample[], Sample[]];
  for (let draw = 0; draw < REPLAYS; draw++) {
    before.push(await run((terms) => terms, draw));
    after.push(await run(change, draw));
  }
  replays.progress.clear();
  const races = counted.map((index) => all[index]!);
  const rows = comparison(races, before, after, seed, changes);
  const cancelled = all.length - counted.length;
  return json
    ? jsonText({ version: 1, seed, races: races.length, cancelled, ...jsonOf(rows) })
    : `${textOf(rows, races.length, cancelled)}\n`;
}

/** How many races run before Ctrl-C is let in. */
const SLICE = 500;

interface Comparison {
  readonly recorded: Row;
  readonly unchanged: Row;
  readonly changed: Row;
  /** The difference of the changed and the unchanged result of the same races. */
  readonly difference: Intervals;
}

function comparison(
  races: readonly RecordedRace[],
  before: readonly Sample[],
  after: readonly Sample[],
  seed: number,
  name: string,
): Comparison {
  const groups = groupsOf(races);
  const figuringOf = (samples: readonly Sample[]) => samples.map((sample) => new Figuring(sample, groups));
  const figuring = { before: figuringOf(before), after: figuringOf(after) };
  const how = { seed, races: races.length, groups: groups?.count ?? races.length };
  const [unchanged, changed, differences] = bootstrap(how, (weights, draw) => {
    const one = figuring.before[draw % REPLAYS]!.figures(weights);
    const other = figuring.after[draw % REPLAYS]!.figures(weights);
    return [one, other, difference(other, one)];
  });
  return {
    recorded: { name: 'recorded', figures: new Figuring(asRecorded(races)).figures() },
    unchanged: { name: 'run again', figures: mean(figuring.before), intervals: unchanged! },
    changed: { name: name || 'unchanged', figures: mean(figuring.after), intervals: changed! },
    difference: differences!,
  };
}

function mean(figuring: readonly Figuring[]): Figures {
  const figures = figuring.map((one) => one.figures());
  const result: Record<keyof Figures, number> = { ...figures[0]! };
  for (const name of Object.keys(result) as (keyof Figures)[]) {
    result[name] = figures.reduce((sum, one) => sum + one[name], 0) / figures.length;
  }
  return result;
}

/** Groups of races for the bootstrap. Races of one client are alike, so they are drawn together if there are many clients. */
function groupsOf(races: readonly RecordedRace[]): Groups | undefined {
  const numbers = new Map<string, number>();
  const groups = races.map(({ client = '' }) => {
    if (!numbers.has(client)) numbers.set(client, numbers.size);
    return numbers.get(client)!;
  });
  return numbers.size < LEAST_GROUPS ? undefined : { count: numbers.size, of: (race) => groups[race]! };
}

function textOf({ recorded, unchanged, changed, difference: differences }: Comparison, races: number, cancelled: number): string {
  const left = cancelled > 0 ? ` ${cancelled} that were given up by their callers are left out.` : '';
  return [
    `${races} races.${left}`,
    '',
    compared([recorded, unchanged, changed]),
    '',
    certainty(differences),
    'What a cancelled attempt would have come to is drawn from what is known of its path: see docs/whatif.md.',
  ].join('\n');
}

function jsonOf({ recorded, unchanged, changed, difference: differences }: Comparison): object {
  const json = ({ figures, intervals }: Row) => ({ figures, ...(intervals && { intervals }) });
  return {
    recorded: json(recorded),
    unchanged: json(unchanged),
    changed: { options: changed.name, ...json(changed) },
    difference: differences,
  };
}
