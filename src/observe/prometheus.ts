import { Counter, Histogram, register, type Metric, type Registry } from 'prom-client';
import type { Family } from '../core/address/address.js';
import { invalidType, invalidValue } from '../core/input/argument-errors.js';
import { callable, checkEach, isObject, string, type Checks } from '../core/input/checks.js';
import { attemptRecords } from '../core/race/attempt-records.js';
import type { RaceEvent } from '../core/race/events.js';
import { listen, raceChannel, type RaceContext } from './channels.js';

/** Options of {@link countRaces}. */
export interface CountOptions {
  /** The registries for the metrics. Default: prom-client's global one. */
  readonly registers?: readonly Registry[] | undefined;
  /** The prefix of names. Default `happy_eyeballs_`. */
  readonly prefix?: string | undefined;
  /** The upper bounds of the histograms' buckets, in s, ascending. Default: prom-client's own, from 5 ms to 10 s. */
  readonly buckets?: readonly number[] | undefined;
}

/**
 * Counts every finished race of this process for Prometheus, including those of other copies of this package.
 *
 * Counters, each `happy_eyeballs_…_total`: `races` (label `outcome`), `attempts` (`family`, `outcome`), `wins` (`family`),
 * `wasted_attempts` (in flight when another won) and `fallbacks` (races won by the other family than that of their first attempt).
 * Histograms, each `happy_eyeballs_…_seconds` from the start of a race: `connect` (`family`) to the win, `lookup` (`type`) to each
 * answer.
 *
 * Hosts are not labels, because their number is unlimited.
 *
 * @returns a function that ends counting and removes the metrics from their registries
 * @throws TypeError at the call, with Node's codes, for invalid options; prom-client's error if a name is taken
 *
 * @example
 * const stop = countRaces();
 */
export function countRaces(options: CountOptions = {}): () => void {
  checkEach('options', options, COUNT_CHECKS);
  const { registers = [register], prefix = 'happy_eyeballs_', buckets } = options;
  const counter = <Label extends string>(name: string, help: string, ...labelNames: readonly Label[]) =>
    new Counter({ name: `${prefix}${name}_total`, help, labelNames, registers: [] });
  const histogram = <Label extends string>(name: string, help: string, ...labelNames: readonly Label[]) =>
    new Histogram({
      name: `${prefix}${name}_seconds`,
      help,
      labelNames,
      registers: [],
      ...(buckets && { buckets: [...buckets] }),
    });

  const metrics = {
    races: counter('races', 'Races that have ended', 'outcome'),
    attempts: counter('attempts', 'Attempts of these races', 'family', 'outcome'),
    wins: counter('wins', 'Races won, by the family of the winner', 'family'),
    wasted: counter('wasted_attempts', 'Attempts that were under way when another one won'),
    fallbacks: counter('fallbacks', 'Races won by the other family than that of the first attempt'),
    connect: histogram('connect', 'Time from the start of a race to its win', 'family'),
    lookup: histogram('lookup', 'Time from the start of a race to an answer', 'type'),
  };
  for (const outcome of ['connected', 'failed', 'cancelled']) metrics.races.inc({ outcome }, 0);
  for (const family of ['ipv6', 'ipv4']) {
    metrics.wins.inc({ family }, 0);
    for (const outcome of ['connected', 'failed', 'cancelled', 'blocked']) metrics.attempts.inc({ family, outcome }, 0);
  }

  const count = ({ outcome, events, startedAt, endedAt }: RaceContext) => {
    metrics.races.inc({ outcome });
    for (const event of events)
      if (event.type === 'answered')
        metrics.lookup.observe({ type: event.answer.type }, (event.at - (event.askedAt ?? 0)) / 1000);
    const losers = attemptRecords(events, endedAt! - startedAt);
    for (const { endpoint, outcome } of losers) metrics.attempts.inc({ family: familyLabel(endpoint.family), outcome });

    const winner = events.at(-1);
    if (winner?.type !== 'connected') return;
    const family = familyLabel(winner.endpoint.family);
    metrics.attempts.inc({ family, outcome: 'connected' });
    metrics.wins.inc({ family });
    metrics.wasted.inc(losers.filter(({ outcome, error }) => outcome === 'cancelled' && !error).length);
    if (winner.endpoint.family !== firstFamily(events)) metrics.fallbacks.inc();
    metrics.connect.observe({ family }, winner.at / 1000);
  };

  const unregister = registerAll(Object.values(metrics), registers);
  const stopListening = listen(raceChannel, { asyncEnd: count });
  return () => {
    stopListening();
    unregister();
  };
}

const COUNT_CHECKS: Checks<CountOptions> = {
  registers: (name, value) => {
    if (!Array.isArray(value) || value.length === 0) throw invalidType(name, 'an array of registries', value);
    for (const one of value as unknown[]) {
      if (!isObject(one)) throw invalidType(name, 'an array of registries', value);
      callable(`${name}.registerMetric`, (one as Partial<Registry>).registerMetric);
    }
  },
  prefix: (name, value) => {
    string(name, value);
    if (!/^(?:[a-z_:][\w:]*)?$/i.test(value as string)) throw invalidValue(name, 'cannot begin the name of a metric', value);
  },
  buckets: (name, value) => {
    if (!Array.isArray(value)) throw invalidType(name, 'an array of numbers', value);
    const bounds = value as readonly number[];
    const ascend = bounds.every((bound, index) => Number.isFinite(bound) && bound > (bounds[index - 1] ?? 0));
    if (bounds.length === 0 || !ascend) throw invalidValue(name, 'must be ascending numbers above 0', value);
  },
};

/** Registers all metrics in all registries, or none in any. @returns a function that removes them */
function registerAll(metrics: readonly Metric[], registers: readonly Registry[]): () => void {
  const unregister = () => {
    for (const registry of registers)
      for (const metric of metrics)
        if (registry.getSingleMetric(nameOf(metric)) === metric) registry.removeSingleMetric(nameOf(metric));
  };
  try {
    for (const registry of registers) for (const metric of metrics) registry.registerMetric(metric);
  } catch (error) {
    unregister();
    throw error;
  }
  return unregister;
}

/** The name of a metric, which prom-client's types do not declare. */
function nameOf(metric: Metric): string {
  return (metric as Metric & { readonly name: string }).name;
}

function familyLabel(family: Family): string {
  return family === 6 ? 'ipv6' : 'ipv4';
}

function firstFamily(events: readonly RaceEvent[]): Family | undefined {
  return events.find((event) => event.type === 'started')?.endpoint.family;
}
