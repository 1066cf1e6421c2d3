import type { Interval, Intervals } from '../../whatif/bootstrap.js';
import { MEASURES, type Figures, type Measure } from '../../whatif/figures.js';

/** The name of a measure and the format of its values. */
interface Column {
  readonly title: string;
  /** The same within a sentence. */
  readonly name: string;
  readonly text: (value: number) => string;
}

const ms = (value: number) => (Number.isFinite(value) ? `${value < 100 ? value.toFixed(1) : Math.round(value)} ms` : 'never');
const share = (value: number) => (Number.isNaN(value) ? '–' : `${(100 * value).toFixed(value < 0.0995 ? 2 : 1)} %`);
const count = (value: number) => value.toFixed(3);

export const COLUMNS: Readonly<Record<Measure, Column>> = {
  p50: { title: 'p50', name: 'p50', text: ms },
  p95: { title: 'p95', name: 'p95', text: ms },
  p99: { title: 'p99', name: 'p99', text: ms },
  attempts: { title: 'attempts a race', name: 'attempts', text: count },
  wasted: { title: 'established for nothing', name: 'connections for nothing', text: share },
  ipv6: { title: 'won by IPv6', name: 'IPv6', text: share },
  lost: { title: 'lost', name: 'lost races', text: share },
  first: { title: 'won by the 1st', name: 'wins of the first', text: share },
  second: { title: 'by the 2nd', name: 'of the second', text: share },
  later: { title: 'by a later one', name: 'of later ones', text: share },
};

/** A line of a table: a name, and figures with optional intervals. */
export interface Row {
  readonly name: string;
  readonly figures: Figures;
  readonly intervals?: Intervals;
}

/** Formats rows as text with one measure per line, so that compared values stand side by side. */
export function compared(rows: readonly Row[]): string {
  const lines = MEASURES.map((measure) => [
    COLUMNS[measure].title,
    ...rows.map(({ figures, intervals }) => cell(measure, figures[measure], intervals?.[measure])),
  ]);
  return aligned([['', ...rows.map(({ name }) => name)], ...lines]);
}

/** Formats rows as text, one per line. */
export function listed(title: string, rows: readonly Row[], measures: readonly Measure[] = MEASURES): string {
  const head = [title, ...measures.map((measure) => COLUMNS[measure].title)];
  return aligned([head, ...rows.map(({ name, figures }) => [name, ...measures.map((one) => COLUMNS[one].text(figures[one]))])]);
}

/** Formats rows as a Markdown table. */
export function markdown(title: string, rows: readonly Row[]): string {
  const head = [title, ...MEASURES.map((measure) => COLUMNS[measure].title)];
  const lines = rows.map(({ name, figures }) => [name, ...MEASURES.map((one) => COLUMNS[one].text(figures[one]))]);
  return [head, head.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** What the brackets of a comparison are, and which of its figures differ. */
export function certainty(difference: Intervals): string {
  const different = MEASURES.filter((measure) => difference[measure][0] > 0 || difference[measure][1] < 0);
  return `${BRACKETS} ${
    different.length === 0
      ? 'No figure differs for certain.'
      : `Different for certain: ${different.map((measure) => COLUMNS[measure].name).join(', ')}.`
  }`;
}

export const BRACKETS = 'In brackets: 95 % confidence.';

function cell(measure: Measure, value: number, interval: Interval | undefined): string {
  const { text } = COLUMNS[measure];
  return interval ? `${text(value)} (${text(interval[0])} to ${text(interval[1])})` : text(value);
}

function aligned(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map((row) =>
      row
        .map((text, column) => (column === 0 ? text.padEnd(widths[column]!) : text.padStart(widths[column]!)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
