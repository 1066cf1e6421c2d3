import { formatDuration } from './duration.js';
import { reasonOf, toError } from './errors.js';
import { formatEndpoint, type Endpoint } from './endpoint.js';
import type { RaceEvent } from './events.js';

/** Options of {@link timeline}. */
export interface TimelineOptions {
  /** Columns to draw in; default 80. Labels and outcomes are never cut, so that less than 60 is rarely kept. */
  readonly width?: number;
}

/** The fewest columns in which a bar still says something. */
const NARROWEST_BARS = 16;

/** Columns beyond which no terminal goes. */
const WIDEST = 1000;

interface Row {
  readonly label: string;
  readonly from: number;
  readonly to: number;
  /** When it had come as far as a further stage. */
  readonly stages: readonly number[];
  readonly start: '├' | '─';
  readonly end: '●' | '✗' | '○' | '►';
  readonly outcome: string;
}

/**
 * Draws a race as text: a line for every answer and every attempt, on one axis of time.
 *
 *                     0 ms                    291 ms
 *     AAAA            ─●                              2 addresses after 12 ms
 *     A               ──●                             1 address after 20 ms
 *     2001:db8::1      ├────────────────────────○     cancelled after 279 ms
 *     192.0.2.1                               ├─●     connected after 29 ms
 *
 * `●` came about, `✗` failed, `○` was cancelled, `►` was still going on; `┼`: TCP was up, and a handshake or setup began. Times are
 * whole ms.
 *
 * @param events of one race, in order, as `race$` emits them
 * @returns lines joined by newlines; no newline at the end
 */
export function timeline(events: readonly RaceEvent[], { width = 80 }: TimelineOptions = {}): string {
  const total = events.reduce((last, { at }) => Math.max(last, at), 1);
  const rows = rowsOf(events, total);
  const labels = Math.max(0, ...rows.map(({ label }) => label.length));
  const outcomes = Math.max(0, ...rows.map(({ outcome }) => outcome.length));
  const columns = Math.max(NARROWEST_BARS, Math.min(width, WIDEST) - labels - outcomes - 4);
  const column = (at: number) => Math.round((at / total) * (columns - 1));

  const bar = ({ from, to, stages, start, end }: Row) => {
    const [first, last] = [column(from), column(to)];
    const line: string[] = Array.from({ length: last - first }, (_, index) => (index === 0 ? start : '─'));
    for (const stage of stages) if (column(stage) > first && column(stage) < last) line[column(stage) - first] = '┼';
    return (' '.repeat(first) + line.join('') + end).padEnd(columns);
  };
  const axis = `${' '.repeat(labels + 2)}0 ms${formatDuration(total).padStart(columns - 4)}`;
  return [axis, ...rows.map((row) => `${row.label.padEnd(labels)}  ${bar(row)}  ${row.outcome}`)].join('\n');
}

function rowsOf(events: readonly RaceEvent[], total: number): Row[] {
  const answers: Row[] = [];
  const attempts = new Map<Endpoint, Row>();
  for (const event of events) {
    switch (event.type) {
      case 'answered': {
        const { type, addresses, error } = event.answer;
        const found = `${addresses.length} ${addresses.length === 1 ? 'address' : 'addresses'}`;
        const what = error && addresses.length === 0 ? reasonOf(toError(error)) : found;
        const end = addresses.length === 0 ? '✗' : '●';
        answers.push({
          label: type,
          from: 0,
          to: event.at,
          stages: [],
          start: '─',
          end,
          outcome: `${what} after ${formatDuration(event.at)}`,
        });
        break;
      }
      case 'started': {
        const label = formatEndpoint(event.endpoint);
        const outcome = `in flight for ${formatDuration(total - event.at)}`;
        attempts.set(event.endpoint, { label, from: event.at, to: total, stages: [], start: '├', end: '►', outcome });
        break;
      }
      case 'progressed': {
        const row = attempts.get(event.endpoint);
        if (row) attempts.set(event.endpoint, { ...row, stages: [...row.stages, event.at] });
        break;
      }
      case 'failed':
      case 'cancelled':
      case 'connected': {
        const row = attempts.get(event.endpoint);
        if (row) attempts.set(event.endpoint, { ...row, to: event.at, ...ending(event, event.at - row.from) });
        break;
      }
    }
  }
  return [...answers, ...attempts.values()];
}

function ending(
  event: Extract<RaceEvent, { type: 'failed' | 'cancelled' | 'connected' }>,
  after: number,
): Pick<Row, 'end' | 'outcome'> {
  if (event.type === 'failed') return { end: '✗', outcome: `${reasonOf(event.error)} after ${formatDuration(after)}` };
  return { end: event.type === 'connected' ? '●' : '○', outcome: `${event.type} after ${formatDuration(after)}` };
}
