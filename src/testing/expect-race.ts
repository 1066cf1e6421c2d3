import { isObservable, tap, type Observable } from 'rxjs';
import { parseAddress } from '../core/address/address.js';
import { invalidReturn, invalidType, invalidValue } from '../core/input/argument-errors.js';
import { callable, checkEach, integer, isObject, number, orInfinity, string, type Checks } from '../core/input/checks.js';
import { reasonOf, toError } from '../core/error-tools.js';
import type { RaceEvent } from '../core/race/events.js';
import type { Dns } from './virtual-resolver.js';
import { connects, hangs, isFate, refuses, unreachable, type Fate } from './fates.js';
import { describeLeak, leftBehind, type Leak, type RunReport } from './report.js';
import { virtualNetwork } from './node-network.js';
import type { RaceInput } from './virtual-network.js';

/** The outcome of an attempt after a time. `hangs` has none. */
export type Outcome = 'connects' | 'refuses' | 'unreachable' | 'hangs';

/** A race as a table: the network, and the expected result. */
export interface RaceTable {
  /** The outcome of an attempt on each address, in DNS order. */
  readonly rows: readonly (
    readonly [address: string, after: number, outcome: Outcome] | readonly [address: string, fate: Fate]
  )[];
  /** When each attempt starts, in ms. Addresses that are missing must not be tried. Default: not checked. */
  readonly starts?: Readonly<Record<string, number>>;
  /** The address that wins; `null`: none. Default: not checked. */
  readonly winner?: string | null;
  /** When the race ends, in ms. Default: not checked. */
  readonly finish?: number;
  /** Further options of the race. */
  readonly options?: object;
  /** Default: all addresses, at once. */
  readonly dns?: Dns;
  /** Default `example.com`. */
  readonly host?: string;
  /** Default 443. */
  readonly port?: number;
}

/**
 * Runs a race and compares it with the table. Always checks that nothing is tried twice, that losers are gone before the winner is
 * emitted, and that nothing is left.
 *
 *     expectRace(connect$, {
 *       rows: [
 *         ['2001:db8::1', 600, 'connects'],
 *         ['192.0.2.1', 40, 'connects'],
 *       ],
 *       starts: { '2001:db8::1': 0, '192.0.2.1': 250 },
 *       winner: '192.0.2.1',
 *       finish: 290,
 *     });
 *
 * @param race `connect$`, `race$`, or a function like them
 * @throws Error with the actual and the expected table, and a picture
 */
export function expectRace<T>(
  race: (host: string, port: number, options: RaceInput) => Observable<T>,
  table: RaceTable,
): RunReport<T> {
  callable('race', race);
  checkEach('table', table, RACE_TABLE_CHECKS);
  RACE_TABLE_CHECKS.rows('table.rows', table.rows);
  checkStarts(table);
  const { rows, dns, options, host = 'example.com', port = 443 } = table;
  const network = virtualNetwork({ dns: dns ?? rows.map(([address]) => address), endpoints: fatesOf(rows) });
  /** What had not been released when the winner was emitted. */
  let left: readonly Leak[] = [];
  const begun: Observable<T>[] = [];
  const report = network.run(() => {
    const race$ = race(host, port, Object.assign({ ...network }, options));
    if (!isObservable(race$)) throw invalidReturn('race', 'a stream, as connect$ does', race$);
    begun.push(race$);
    return race$.pipe(
      tap((value) => {
        if (isWinner(value) && left.length === 0) left = network.leaks.filter(({ kind }) => kind !== 'timer');
      }),
    );
  });
  // Nothing was tried, so the table says nothing.
  if (begun.length === 0) throw report.error;
  const lines = [...startLines(table, report), ...endLines(table, report)];
  const failed = lines.some(({ expected, actual }) => expected !== undefined && expected !== actual);
  if (failed) throw new Error(`the race is not as expected:\n\n${drawn(lines)}\n\n${report.timeline()}`);
  if (left.length > 0) {
    const list = left.map(describeLeak).join('; ');
    throw new Error(`the winner came before everything else was let go of: ${list}\n\n${report.timeline()}`);
  }
  // What was connected is what the race was for.
  const leaks = report.leaks.filter(({ kind }) => kind !== 'socket');
  if (leaks.length > 0) throw leftBehind(leaks, report.timeline());
  if (report.finish === undefined) report.expectClean();
  return report;
}

const OUTCOMES: Readonly<Record<Outcome, (after: number) => Fate>> = { connects, refuses, unreachable, hangs };

function fatesOf(rows: RaceTable['rows']): Record<string, Fate> {
  const fates = new Map<string, Fate>();
  for (const [index, row] of rows.entries()) {
    const name = `table.rows[${index}]`;
    const [address, what, outcome = 'connects'] = row;
    const canonical = parseAddress(address)?.address;
    if (canonical === undefined) throw invalidValue(name, 'must begin with an IP address', address);
    if (fates.has(canonical)) throw invalidValue(name, 'would be a second fate of its address', address);
    if (row.length !== (isFate(what) ? 2 : 3))
      throw invalidValue(name, 'must be an address and a fate, or an address, ms and an outcome', row);
    if (!Object.hasOwn(OUTCOMES, outcome)) {
      throw invalidValue(name, `must have an outcome: ${Object.keys(OUTCOMES).join(', ')}`, outcome);
    }
    if (!isFate(what)) orInfinity(number(0, Number.MAX_SAFE_INTEGER))(name, what);
    fates.set(canonical, isFate(what) ? what : OUTCOMES[outcome](what));
  }
  return Object.fromEntries(fates);
}

function checkStarts({ rows, starts = {} }: RaceTable): void {
  const named = new Set(rows.map(([address]) => canonical(address)));
  const seen = new Set<string>();
  for (const [address, at] of Object.entries(starts)) {
    if (seen.has(canonical(address))) throw invalidValue(`table.starts['${address}']`, 'is the same address as another', at);
    seen.add(canonical(address));
    if (!named.has(canonical(address))) throw invalidValue(`table.starts['${address}']`, 'is in no row', at);
  }
}

/** Whether a value is what a race is for; of all events of a race, that is one. */
function isWinner(value: unknown): boolean {
  const { type, at } = (isObject(value) ? value : {}) as Partial<RaceEvent>;
  return type === undefined || at === undefined || type === 'connected';
}

/** An expected and an actual value. */
interface Line {
  readonly cells: readonly string[];
  readonly actual: string;
  readonly expected?: string | undefined;
}

function startLines({ rows, starts }: RaceTable, report: RunReport<unknown>): Line[] {
  const wanted = starts && new Map(Object.entries(starts).map(([address, at]) => [canonical(address), at]));
  const instant = (at: number | undefined) => (at === undefined ? 'never' : `at ${written(at)}`);
  return rows.map(([address, what, outcome = 'connects']) => {
    const own = report.starts.filter((start) => start.address === canonical(address));
    return {
      cells: [address, ...(isFate(what) ? ['', String(what)] : [written(what), outcome])],
      actual: own.length === 0 ? instant(undefined) : own.map(({ at }) => instant(at)).join(', '),
      // Twice is never expected.
      expected: wanted ? instant(wanted.get(canonical(address))) : own.length > 1 ? instant(own[0]!.at) : undefined,
    };
  });
}

function endLines({ winner, finish }: RaceTable, report: RunReport<unknown>): Line[] {
  const none = report.error === undefined ? 'none' : `none (${reasonOf(toError(report.error))})`;
  // An address that connected in a failed race has not won.
  const won = report.error === undefined ? report.winner : undefined;
  return [
    {
      cells: ['winner', '', ''],
      actual: won ?? none,
      expected: winner === null ? (won === undefined ? none : 'none') : winner && canonical(winner),
    },
    {
      cells: ['finish', '', ''],
      actual: report.finish === undefined ? 'never' : written(report.finish),
      expected: finish === undefined ? undefined : written(finish),
    },
  ];
}

/** To a millionth of a ms: sums of fractions are no more exact. */
function written(ms: number): string {
  return `${Number(ms.toFixed(6))} ms`;
}

function canonical(address: string): string {
  return parseAddress(address)?.address ?? address;
}

function drawn(lines: readonly Line[]): string {
  const table = [
    ['address', 'after', 'outcome', 'actual', 'expected', ''],
    ...lines.map(({ cells, actual, expected }) => [
      ...cells,
      actual,
      expected ?? '',
      expected !== undefined && expected !== actual ? '◄' : '',
    ]),
  ];
  const widths = table[0]!.map((_, column) => Math.max(...table.map((cells) => cells[column]!.length)));
  return table.map((cells) => `  ${cells.map((cell, column) => cell.padEnd(widths[column]!)).join('  ')}`.trimEnd()).join('\n');
}

const RACE_TABLE_CHECKS: Checks<RaceTable> = {
  rows: (name, value) => {
    if (!Array.isArray(value) || !value.every(Array.isArray)) throw invalidType(name, 'a list of rows', value);
  },
  starts: (name, value) => {
    if (!isObject(value)) throw invalidType(name, 'an object of times by address', value);
    for (const [address, at] of Object.entries(value)) {
      if (!parseAddress(address)) throw invalidValue(`${name}['${address}']`, 'must be named by an IP address', at);
      number(0, Number.MAX_SAFE_INTEGER)(`${name}['${address}']`, at);
    }
  },
  winner: (name, value) => {
    if (value !== null && (typeof value !== 'string' || !parseAddress(value)))
      throw invalidType(name, 'an IP address or null', value);
  },
  finish: number(0, Number.MAX_SAFE_INTEGER),
  options: (name, value) => {
    if (!isObject(value)) throw invalidType(name, 'an object', value);
  },
  dns: () => undefined, // by the network
  host: string,
  port: integer(1, 65_535),
};
