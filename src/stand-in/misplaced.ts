import { invalidValue } from '../core/input/argument-errors.js';
import type { Connector } from '../connector/connector.js';
import { optionNames } from '../plan/options.js';
import { racing, type Racing, type StandInOptions } from './racing.js';

/** Names that options of races share with those of Node's sockets and agents. */
const OF_SOCKETS: readonly string[] = ['blockList', 'family', 'localAddress', 'localPort', 'signal'];

/**
 * Refuses options of races that are given beside `race`, where they would have no effect.
 *
 * @param others names that mean something else there
 * @throws TypeError `ERR_INVALID_ARG_VALUE`
 */
export function refuseMisplaced(options: object, others: readonly string[] = OF_SOCKETS): void {
  for (const name of [...optionNames, 'history']) {
    const value = (options as Record<string, unknown>)[name];
    if (value === undefined || others.includes(name)) continue;
    throw invalidValue(`options.${name}`, `has no effect here: options of races belong in options.race`, value);
  }
}

/**
 * Creates races for sockets without TLS.
 *
 * @param others the options beside those of the races
 * @throws TypeError, RangeError for invalid options, and for those that would have no effect
 */
export function plainRacing(others: object, race?: StandInOptions, connector?: Pick<Connector, 'race$'>): Racing {
  refuseMisplaced(others);
  for (const name of ['tls', 'serviceRecords'] as const) {
    const value = (race as StandInOptions | null | undefined)?.[name];
    if (value !== undefined && value !== false)
      throw invalidValue(`options.race.${name}`, 'has no effect on connections without TLS', value);
  }
  return racing(race, connector);
}
