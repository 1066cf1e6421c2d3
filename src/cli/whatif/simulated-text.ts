import { bootstrap, difference, LEAST_GROUPS, type Intervals } from '../../whatif/bootstrap.js';
import { Figuring, type Groups } from '../../whatif/figures.js';
import { INTERNET } from '../../whatif/internet.js';
import type { Sample } from '../../whatif/sample.js';
import type { Flags } from '../flag.js';
import { jsonText } from '../json-text.js';
import { BRACKETS, certainty, compared, listed, markdown, type Row } from './table.js';

/** More ways than these are listed one under the other, without the room for intervals. */
const MOST_SIDE_BY_SIDE = 2;

/** What `simulate` prints of ways to race: their names, and what came of each on the same networks. */
export function simulatedText(names: readonly string[], samples: readonly Sample[], flags: Flags, seed: number): string {
  const races = samples[0]!.times.length;
  if (flags.markdown) return `${markdown('', rowsOf(names, samples))}\n`;
  if (flags.json) return jsonText({ version: 1, seed, races, ways: withIntervals(names, samples, seed) });
  const head = `${races} races to names with IPv4 and IPv6, on a model of the internet (docs/whatif.md), seed ${seed}.\n\n`;
  if (names.length > MOST_SIDE_BY_SIDE)
    return `${head}${listed('', rowsOf(names, samples))}\n\nFor intervals of 95 % confidence: --json\n`;
  const rows = withIntervals(names, samples, seed);
  const [, other] = rows;
  return `${head}${compared(rows)}\n\n${other?.difference ? certainty(other.difference) : BRACKETS}\n`;
}

function rowsOf(names: readonly string[], samples: readonly Sample[]): readonly Row[] {
  return names.map((name, index) => ({ name, figures: new Figuring(samples[index]!).figures() }));
}

/** A way with what came of it. All but the first have the difference to the first. */
interface Compared extends Row {
  readonly difference?: Intervals;
}

function withIntervals(names: readonly string[], samples: readonly Sample[], seed: number): readonly Compared[] {
  const races = samples[0]!.times.length;
  const groups = groupsOf(races);
  const figuring = samples.map((sample) => new Figuring(sample, groups));
  const intervals = bootstrap({ seed, races, groups: groups?.count ?? races }, (weights) => {
    const figures = figuring.map((one) => one.figures(weights));
    return [...figures, ...figures.slice(1).map((other) => difference(other, figures[0]!))];
  });
  return names.map((name, index) => ({
    name,
    figures: figuring[index]!.figures(),
    intervals: intervals[index]!,
    ...(index > 0 && { difference: intervals[names.length + index - 1]! }),
  }));
}

/** Races of one client are alike, and drawn together. */
function groupsOf(races: number): Groups | undefined {
  const { racesOfAClient } = INTERNET;
  const count = Math.ceil(races / racesOfAClient);
  return count < LEAST_GROUPS ? undefined : { count, of: (race) => Math.floor(race / racesOfAClient) };
}
