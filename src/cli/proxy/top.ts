import { attemptRecords } from '../../core/race/attempt-records.js';
import { formatDuration } from '../../core/format-duration.js';
import { printable } from '../../core/input/printable.js';
import { formatDestination } from '../../core/race/endpoint.js';
import type { EndedRace } from './races.js';

/** The counts of the races to one destination. */
interface DestinationCounts {
  races: number;
  lost: number;
  attempts: number;
  /** The number of wins by family. */
  readonly wins: { 4: number; 6: number };
  /** The number of races whose winner is not of the family of the first attempt. */
  fallbacks: number;
  /** The times to connect of the last races, in ms. */
  readonly durations: number[];
}

/** Counts races by destination. */
export interface Top {
  readonly add: (race: EndedRace) => void;
  /**
   * Draws a table of the destinations with the most races.
   *
   * @param rows the most destinations
   */
  readonly draw: (rows: number) => string;
}

/** How many destinations are remembered. The least recent one is forgotten first. */
const MOST_DESTINATIONS = 1000;

/** How many times to connect are remembered for each destination. */
const MOST_DURATIONS = 500;

const COLUMNS = ['DESTINATION', 'RACES', 'LOST', 'ATTEMPTS', 'IPV6', 'IPV4', 'FALLBACKS', 'P50', 'P95'];

export function top(): Top {
  const destinations = new Map<string, DestinationCounts>();
  return {
    add: ({ request, events }) => {
      const name = printable(formatDestination(request));
      const known = destinations.get(name) ?? newDestination();
      destinations.delete(name);
      destinations.set(name, known);
      if (destinations.size > MOST_DESTINATIONS) destinations.delete(destinations.keys().next().value!);
      const last = events.at(-1)!;
      const first = events.find((event) => event.type === 'started');
      known.races++;
      known.attempts += attemptRecords(events, last.at).length;
      if (last.type !== 'connected') {
        known.lost++;
        return;
      }
      const { family } = last.endpoint;
      known.attempts++; // the winner, which the records leave out
      known.wins[family]++;
      if (first && first.endpoint.family !== family) known.fallbacks++;
      known.durations.push(last.at);
      if (known.durations.length > MOST_DURATIONS) known.durations.shift();
    },
    draw: (rows) => {
      const most = [...destinations].sort(([, a], [, b]) => b.races - a.races).slice(0, rows);
      return table([COLUMNS, ...most.map(([name, destination]) => cells(name, destination))]);
    },
  };
}

function newDestination(): DestinationCounts {
  return { races: 0, lost: 0, attempts: 0, wins: { 4: 0, 6: 0 }, fallbacks: 0, durations: [] };
}

function cells(name: string, { races, lost, attempts, wins, fallbacks, durations }: DestinationCounts): string[] {
  const sorted = [...durations].sort((a, b) => a - b);
  const quantile = (share: number) => {
    const value = sorted[Math.ceil(share * sorted.length) - 1];
    return value === undefined ? '–' : formatDuration(value);
  };
  const counts = [races, lost, attempts, wins[6], wins[4], fallbacks].map(String);
  return [name.length > WIDEST_NAME ? `${name.slice(0, WIDEST_NAME - 1)}…` : name, ...counts, quantile(0.5), quantile(0.95)];
}

/** The widest name of a destination, in columns. */
const WIDEST_NAME = 40;

/** Aligns the columns of a table: names to the left, numbers to the right. */
function table(rows: readonly (readonly string[])[]): string {
  const widths = COLUMNS.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map((row) => row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  '))
    .join('\n');
}
