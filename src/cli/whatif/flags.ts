import { invalidValue } from '../../core/input/argument-errors.js';
import { checkOptions } from '../../plan/options.js';
import type { Change } from '../../whatif/replayed.js';
import type { Terms } from '../../whatif/terms.js';
import { grouped, type Flag, type Flags } from '../flag.js';
import { RACE_FLAGS, raceOptions } from '../race-flags.js';
import { termsOf } from './terms.js';

/** Options that decide the course of a race to any destination. */
export const OPTIONS_OF_TERMS = [
  'ipv4',
  'ipv6',
  'family',
  'prefer-family',
  'no-interleave',
  'first-address-family-count',
  'connection-attempt-delay',
  'maximum-connection-attempt-delay',
  'connection-attempt-delay-multiplier',
  'resolution-delay',
  'max-concurrent-attempts',
  'family-stagger-delay',
  'attempt-spacing-delay',
  'no-racing',
  'connect-timeout',
  'attempt-timeout',
  'preset',
];

/** The flags of those options. Each command has its own defaults. */
export const TERMS_FLAGS: readonly Flag[] = RACE_FLAGS.filter(({ usage }) =>
  OPTIONS_OF_TERMS.includes(/--([\w-]+)/.exec(usage)![1]!),
).map((flag) => ({ ...flag, default: undefined, meaning: flag.meaning.replace('; or adaptive', '') }));

export const SWEEP_FLAGS: readonly Flag[] = grouped('Comparison', [
  {
    usage: '--sweep <range>',
    meaning: 'Try one option with several values, as in connection-attempt-delay=50..500:50 (from 50 to 500 in steps of 50)',
  },
  { usage: '--svg <file>', meaning: 'Write the curve of --sweep as SVG: latency against waste' },
]);

/**
 * The change that the flags make to the terms of a race.
 *
 * @throws TypeError, RangeError with Node's codes, naming the flag
 */
export function changeOf(flags: Flags): Change {
  const options = raceOptions(Object.fromEntries(Object.entries(flags).filter(([name]) => isOfTerms(name))));
  const { connectionAttemptDelay } = options;
  if (connectionAttemptDelay === 'adaptive') {
    throw invalidValue('--connection-attempt-delay', 'must be a number of ms: what it would adapt to is not known', 'adaptive');
  }
  const given = termsOf(checkOptions(options), 6);
  const names = Object.keys(options).filter((name) => name in given) as (keyof Terms)[];
  const changes = Object.fromEntries(names.map((name) => [name, given[name]]));
  return (terms) => ({ ...terms, ...changes, ...(given.preferFamily !== undefined && { preferredFamily: given.preferFamily }) });
}

/** The changed options as text. */
export function changesOf(flags: Flags): string {
  return Object.entries(flags)
    .filter(([name]) => isOfTerms(name))
    .map(([name, value]) => (typeof value === 'boolean' ? kebab(value ? name : `no-${name}`) : `${kebab(name)} ${String(value)}`))
    .join(', ');
}

function isOfTerms(name: string): boolean {
  return OPTIONS_OF_TERMS.includes(kebab(name)) || OPTIONS_OF_TERMS.includes(`no-${kebab(name)}`);
}

function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** One value of a sweep. */
export interface Step {
  readonly value: number;
  readonly change: Change;
}

export interface Sweep {
  /** As on the command line. */
  readonly option: string;
  readonly steps: readonly Step[];
}

const MOST_STEPS = 100;

/**
 * The sweep of `--sweep`, such as `connection-attempt-delay=50..500:50`, if it is given.
 *
 * @throws TypeError, RangeError for an invalid range, and for `--svg` without a sweep
 */
export function sweepOf(flags: Flags): Sweep | undefined {
  const { sweep, svg } = flags;
  if (sweep !== undefined) return parseSweep(String(sweep), flags);
  if (svg !== undefined) throw invalidValue('--svg', 'has no effect without --sweep', svg);
  return undefined;
}

function parseSweep(text: string, flags: Flags): Sweep {
  const [, option = '', from = '', to = '', step = ''] = /^(?:--)?([a-z-]+)=(\d+)\.\.(\d+):(\d+)$/.exec(text) ?? [];
  const values: number[] = [];
  for (let value = Number(from); Number(step) > 0 && value <= Number(to) && values.length <= MOST_STEPS; value += Number(step))
    values.push(value);
  if (option === '' || values.length === 0)
    throw invalidValue('--sweep', 'must be like connection-attempt-delay=50..500:50', text);
  if (values.length > MOST_STEPS) throw invalidValue('--sweep', `must have at most ${MOST_STEPS} values`, text);
  const flag = TERMS_FLAGS.find(({ usage }) => usage.includes(`--${option} <`));
  if (!flag || !/<(?:ms|n)>/.test(flag.usage)) {
    const names = TERMS_FLAGS.filter(({ usage }) => /<(?:ms|n)>/.test(usage)).map(({ usage }) => /--([\w-]+)/.exec(usage)![1]!);
    throw invalidValue('--sweep', `must name an option that is a number: ${names.join(', ')}`, option);
  }
  const name = option.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
  return { option, steps: values.map((value) => ({ value, change: changeOf({ ...flags, [name]: value }) })) };
}

/** Reads an integer. @throws TypeError, RangeError naming the flag */
export function whole(flags: Flags, name: string, least: number, most: number, otherwise: number): number {
  const value = flags[name] ?? otherwise;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most) {
    throw invalidValue(`--${kebab(name)}`, `must be a whole number from ${least} to ${most}`, value);
  }
  return value;
}
