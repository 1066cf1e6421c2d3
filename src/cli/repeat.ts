import { formatDuration } from '../core/format-duration.js';
import { formatEndpoint, type Endpoint } from '../core/race/endpoint.js';
import type { RaceResult } from './run-race.js';
import type { Appearance } from './terminal.js';

/** How often each endpoint won, and after what time. */
export interface Summary {
  readonly races: number;
  readonly won: number;
  /** Most wins first. */
  readonly winners: readonly WinnerSummary[];
}

/** The wins of one endpoint, and their times from the start of a race, in ms. */
export interface WinnerSummary {
  readonly endpoint: Endpoint;
  readonly wins: number;
  readonly least: number;
  readonly median: number;
  readonly percentile95: number;
  readonly most: number;
}

export function summary(results: readonly RaceResult[]): Summary {
  return { ...counts(results), winners: wins(results).map(({ endpoint, after }) => winnerSummary(endpoint, after)) };
}

function counts(results: readonly RaceResult[]): Pick<Summary, 'races' | 'won'> {
  return { races: results.length, won: results.filter(({ winner }) => winner).length };
}

function winnerSummary(endpoint: Endpoint, after: readonly number[]): WinnerSummary {
  return {
    endpoint,
    wins: after.length,
    least: after[0]!,
    median: quantile(after, 0.5),
    percentile95: quantile(after, 0.95),
    most: after.at(-1)!,
  };
}

/** For each endpoint that won: its times in ms, ascending. The endpoint with the most wins is first. */
function wins(results: readonly RaceResult[]): { endpoint: Endpoint; after: number[] }[] {
  const byEndpoint = new Map<string, { endpoint: Endpoint; after: number[] }>();
  for (const { winner } of results) {
    if (!winner) continue;
    const { address, family, port } = winner.endpoint;
    const key = formatEndpoint(winner.endpoint);
    const own = byEndpoint.get(key) ?? { endpoint: { address, family, port }, after: [] };
    own.after.push(winner.after);
    byEndpoint.set(key, own);
  }
  for (const { after } of byEndpoint.values()) after.sort((a, b) => a - b);
  return [...byEndpoint.values()].sort((a, b) => b.after.length - a.after.length);
}

/** The smallest of the sorted values that is not exceeded by the given share of them. */
function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]!;
}

/**
 * Draws how often each endpoint won, and the distribution of its times.
 *
 *     20 races, 19 won
 *
 *     [2001:db8::1]:443  18 wins
 *       12 ms to 57 ms, half within 14 ms, 95 % within 31 ms
 *         10 to 20 ms  ███████████████  15
 *         20 to 50 ms  ██                2
 *        50 to 100 ms  █                 1
 */
export function distribution(results: readonly RaceResult[], { width, ascii, style }: Appearance): string {
  const { races, won } = counts(results);
  const sections = wins(results).map(({ endpoint, after }) => {
    const { wins, least, median, percentile95, most } = winnerSummary(endpoint, after);
    return [
      `${style('green', formatEndpoint(endpoint))}  ${wins} ${wins === 1 ? 'win' : 'wins'}`,
      `  ${formatDuration(least)} to ${formatDuration(most)}`,
      `  half within ${formatDuration(median)}, 95 % within ${formatDuration(percentile95)}`,
      ...histogram(after, { width, ascii }),
    ];
  });
  return [[`${races} ${races === 1 ? 'race' : 'races'}, ${won} won`], ...sections].map((lines) => lines.join('\n')).join('\n\n');
}

/** The bounds of the time intervals: 1, 2, 5, 10 … ms. */
const BOUNDS = [0, ...[1, 10, 100, 1000, 10_000].flatMap((power) => [power, 2 * power, 5 * power]), Infinity];

/** The longest bar, in columns. */
const LONGEST_BAR = 40;

function histogram(after: readonly number[], { width, ascii }: Pick<Appearance, 'width' | 'ascii'>): string[] {
  const classes = BOUNDS.slice(1).map((to, index) => {
    const from = BOUNDS[index]!;
    const count = after.filter((time) => time >= from && time < to).length;
    return { label: to === Infinity ? `over ${from} ms` : `${from} to ${to} ms`, count };
  });
  const first = classes.findIndex(({ count }) => count > 0);
  const last = classes.findLastIndex(({ count }) => count > 0);
  const shown = classes.slice(first, last + 1);
  const labels = Math.max(...shown.map(({ label }) => label.length));
  const most = Math.max(...shown.map(({ count }) => count));
  const columns = Math.max(1, Math.min(LONGEST_BAR, width - labels - String(most).length - 8));
  return shown.map(({ label, count }) => {
    const bar = (ascii ? '#' : '█').repeat(Math.ceil((count / most) * columns));
    return `    ${label.padStart(labels)}  ${bar.padEnd(columns)}  ${String(count).padStart(String(most).length)}`;
  });
}
