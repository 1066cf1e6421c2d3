import { callable, boolean, checkEach, given, integer, number, type Checks } from '../core/input/checks.js';
import { formatDuration } from '../core/format-duration.js';
import type { RaceEvent } from '../core/race/events.js';
import { columnsOf, drawnWidth, NARROWEST_BARS, padColumns, widest, wrap } from './text-columns.js';
import { toAscii } from './plain-text.js';
import { outcomeOf, raceRows, type Outcome, type Row } from './race-rows.js';

/** Options of {@link timeline}. */
export interface TimelineOptions {
  /** The width in columns, from 20 to 1000; no line is longer. Default 80. */
  readonly width?: number | undefined;
  /** Draws in printable ASCII only. Other characters in foreign text become `?`. Default false. */
  readonly ascii?: boolean | undefined;
  /** The instant up to which open attempts are drawn, in ms since the race began. Default: the last event. */
  readonly until?: number | undefined;
  /**
   * Colours a text without changing its width, like Node's `util.styleText`: `green` for the winner, `red` for failures, `dim` for
   * cancelled attempts, `cyan` for addresses, `yellow` for negative answers and open attempts. Default: no colours. Nothing is
   * expressed by colour only.
   */
  readonly style?: ((format: TimelineColour, text: string) => string) | undefined;
}

export type TimelineColour = 'green' | 'red' | 'dim' | 'cyan' | 'yellow';

/** The least width, in columns, of an outcome beside a bar. */
const NARROWEST_OUTCOMES = 28;

const TIMELINE_CHECKS: Checks<TimelineOptions> = {
  width: integer(1, Number.MAX_SAFE_INTEGER),
  ascii: boolean,
  until: number(0, Number.MAX_SAFE_INTEGER),
  style: callable,
};

type Sign = 'line' | 'start' | 'stage' | Outcome;

export const SIGNS: Readonly<Record<Sign, string>> = {
  line: '─',
  start: '├',
  stage: '┼',
  found: '●',
  nothing: '✗',
  connected: '●',
  failed: '✗',
  blocked: '✗',
  cancelled: '○',
  open: '►',
};

const ASCII_SIGNS: Readonly<Record<Sign, string>> = {
  line: '-',
  start: '|',
  stage: '+',
  found: '*',
  nothing: 'x',
  connected: '*',
  failed: 'x',
  blocked: 'x',
  cancelled: 'o',
  open: '>',
};

const COLOURS: Readonly<Record<Outcome, TimelineColour>> = {
  found: 'cyan',
  nothing: 'yellow',
  connected: 'green',
  failed: 'red',
  blocked: 'red',
  cancelled: 'dim',
  open: 'yellow',
};

/**
 * Draws a race as text: a line for every answer and every attempt, on one axis of time.
 *
 *                     0 ms                    291 ms
 *     AAAA            ─●                              2 addresses after 12 ms
 *     A               ──●                             1 address after 20 ms
 *     2001:db8::1      ├────────────────────────○     cancelled after 279 ms
 *     192.0.2.1                               ├─●     connected after 29 ms
 *
 * `●` succeeded, `✗` failed, `○` was cancelled, `►` is open; at `┼` TCP was up, and a handshake or setup began (in ASCII `*`, `x`,
 * `o`, `>`, `+`). Times are whole ms. Long outcomes continue on the next line. If the width is too small for that, bars are below
 * their labels and outcomes.
 *
 * Control characters in reasons are replaced, and reasons are truncated to 500 characters.
 *
 * @param events the events of one race, in order, as `race$` emits them
 * @returns lines joined by newlines; no newline at the end
 * @throws TypeError, RangeError for invalid options
 */
export function timeline(events: readonly RaceEvent[], options: TimelineOptions = {}): string {
  checkEach('options', options, TIMELINE_CHECKS);
  const { width: asked, ascii = false, until, style = (_: TimelineColour, text: string) => text } = given(options);
  const width = drawnWidth(asked);
  const { rows, endedAt } = raceRows(events, until);
  const spell = ascii ? toAscii : (text: string) => text;
  const labels = rows.map((row) => spell(row.label));
  const outcomes = rows.map((row) => spell(outcomeOf(row)));
  const signs = ascii ? ASCII_SIGNS : SIGNS;
  const total = Math.max(endedAt, 1);
  const axis = (columns: number) => `0 ms${formatDuration(total).padStart(columns - 4)}`;

  const labelColumns = widest(labels);
  const room = width - labelColumns - NARROWEST_BARS - 4;
  const outcomeColumns = widest(outcomes) <= room ? widest(outcomes) : Math.max(NARROWEST_OUTCOMES, Math.floor(room / 2));
  if (outcomeColumns <= room) {
    const columns = width - labelColumns - outcomeColumns - 4;
    const lines = rows.flatMap((row, index) => {
      const colour = COLOURS[row.outcome];
      const { before, bar, behind } = barOf(row, total, columns, signs);
      const [outcome, ...more] = wrap(outcomes[index]!, outcomeColumns).map((line) => style(colour, line));
      return [
        `${padColumns(labels[index]!, labelColumns)}  ${before}${style(colour, bar)}${behind}  ${outcome}`,
        ...more.map((line) => ' '.repeat(labelColumns + columns + 4) + line),
      ];
    });
    return [' '.repeat(labelColumns + 2) + axis(columns), ...lines].join('\n');
  }

  const stacks = rows.flatMap((row, index) => {
    const colour = COLOURS[row.outcome];
    const { before, bar } = barOf(row, total, width, signs);
    const [label, outcome] = [labels[index]!, outcomes[index]!];
    const gap = width - columnsOf(label) - columnsOf(outcome);
    const texts =
      gap >= 2
        ? [`${label}${' '.repeat(gap)}${style(colour, outcome)}`]
        : [...wrap(label, width, '  '), ...wrap(outcome, width - 2).map((line) => `  ${style(colour, line)}`)];
    return [...texts, before + style(colour, bar)];
  });
  return [axis(width), ...stacks].join('\n');
}

function barOf({ kind, from, to, stages, outcome }: Row, total: number, columns: number, signs: Readonly<Record<Sign, string>>) {
  const column = (at: number) => Math.round((at / total) * (columns - 1));
  const [first, last] = [column(from), column(to)];
  const line = Array.from({ length: last - first }, () => signs.line);
  if (kind === 'attempt' && last > first) line[0] = signs.start;
  for (const { at } of stages) if (column(at) > first && column(at) < last) line[column(at) - first] = signs.stage;
  return { before: ' '.repeat(first), bar: line.join('') + signs[outcome], behind: ' '.repeat(columns - 1 - last) };
}
