import { checkEach, given, integer, type Checks } from '../core/input/checks.js';
import { formatDuration } from '../core/format-duration.js';
import type { RaceEvent } from '../core/race/events.js';
import { drawnWidth, NARROWEST_BARS, padColumns, WIDEST, widest, wrap } from './text-columns.js';
import { roundStep } from './round-step.js';
import { raceRows, type Outcome, type Row } from './race-rows.js';

/** Options of {@link marbleDiagram}. */
export interface MarbleDiagramOptions {
  /** The width in columns; at least 20, default 80. No line is longer unless `frame` is given. */
  readonly width?: number | undefined;
  /**
   * The ms that a column represents. Default: the least of 1, 2, 5, 10 … that fits the width. A value that would need more than
   * 1000 columns is replaced by the least that does not.
   */
  readonly frame?: number | undefined;
}

const MARBLE_DIAGRAM_CHECKS: Checks<MarbleDiagramOptions> = {
  width: integer(1, Number.MAX_SAFE_INTEGER),
  frame: integer(1, Number.MAX_SAFE_INTEGER),
};

/** The last character of a row. The track of an open attempt has none. */
const ENDS: Readonly<Record<Outcome, string>> = {
  found: 'a',
  nothing: '#',
  connected: 'c',
  failed: '#',
  blocked: '#',
  cancelled: '!',
  open: '-',
};

const LEGEND: readonly (readonly [letter: string, meaning: string])[] = [
  ['a', 'addresses'],
  ['^', 'started'],
  ['t', 'TLS begins'],
  ['s', 'setup begins'],
  ['#', 'failed'],
  ['!', 'cancelled'],
  ['c', 'connected'],
];

/**
 * Draws a race as marbles: a line for each query and each attempt, a column for each frame of time.
 *
 *     AAAA               --a
 *     A                  -a
 *     [2001:db8::1]:443    ^----t------------------!
 *     192.0.2.1:443                 ^--#
 *     192.0.2.2:443                    ^------t----c
 *
 *     frame = 20 ms, a = addresses, ^ = started, t = TLS begins, # = failed, ! = cancelled, c = connected
 *
 * Column n, counted from 0, shows the last event between frames n and n + 1, so that columns mean the same time on every line. A
 * query is made in column 0, and each of its answers is `a`, or `#` without addresses. The line of an attempt begins at its start
 * (`^`), has `t` and `s` where TLS and setup began, and ends with `c`, `#` or `!`, unless it is open. `-` is a frame without events.
 *
 * If the width is too small for labels and tracks, each track is below its label.
 *
 * @param events the events of one race, in order, as `race$` emits them
 * @returns lines joined by newlines; no newline at the end
 * @throws TypeError, RangeError for invalid options
 */
export function marbleDiagram(events: readonly RaceEvent[], options: MarbleDiagramOptions = {}): string {
  checkEach('options', options, MARBLE_DIAGRAM_CHECKS);
  const { width: asked, frame: wanted } = given(options);
  const width = drawnWidth(asked);
  const { rows, endedAt } = raceRows(events);
  const lines = linesOf(rows);
  const labelColumns = widest(lines.map(({ label }) => label));
  const beside = width - labelColumns - 2;
  const stacked = beside < NARROWEST_BARS;

  const frame = wanted === undefined ? frameFor(endedAt, stacked ? width : beside) : Math.max(wanted, frameFor(endedAt, WIDEST));
  const tracks = lines.map((line) => trackOf(line.rows, frame));
  const drawn = lines.flatMap(({ label }, index) =>
    stacked ? [...wrap(label, width, '  '), tracks[index]!] : [`${padColumns(label, labelColumns)}  ${tracks[index]!}`],
  );
  const used = new Set(tracks.flatMap((track) => [...new Set(track)]));
  const meanings = [['frame', formatDuration(frame)] as const, ...LEGEND.filter(([letter]) => used.has(letter))];
  const legend = meanings.map(([name, meaning], index) => `${name} = ${meaning}${index < meanings.length - 1 ? ',' : ''}`);
  return [...drawn, ...(drawn.length > 0 ? [''] : []), ...wrap(legend, width)].join('\n');
}

/** Answers to one query belong on one line. */
function linesOf(rows: readonly Row[]): { label: string; rows: Row[] }[] {
  const lines: { label: string; rows: Row[] }[] = [];
  const queries = new Map<string, { label: string; rows: Row[] }>();
  for (const row of rows) {
    const query = row.kind === 'look-up' ? queries.get(row.label) : undefined;
    if (query) {
      query.rows.push(row);
      continue;
    }
    const line = { label: row.label, rows: [row] };
    lines.push(line);
    if (row.kind === 'look-up') queries.set(row.label, line);
  }
  return lines;
}

/** The least round frame with which a race fits a number of columns. */
function frameFor(endedAt: number, columns: number): number {
  const frame = roundStep(endedAt / columns);
  return Math.floor(endedAt / frame) < columns ? frame : roundStep(frame + 1);
}

function trackOf(rows: readonly Row[], frame: number): string {
  const column = (at: number) => Math.floor(at / frame);
  const first = column(rows[0]!.from);
  const last = rows.reduce((most, { to }) => Math.max(most, column(to)), first);
  const track = Array.from({ length: last - first + 1 }, () => '-');
  for (const { kind, from, to, stages, outcome } of rows) {
    if (kind === 'attempt') track[column(from) - first] = '^';
    for (const { stage, at } of stages) track[column(at) - first] = stage === 'tls' ? 't' : 's';
    if (outcome !== 'open') track[column(to) - first] = ENDS[outcome];
  }
  return ' '.repeat(first) + track.join('');
}
