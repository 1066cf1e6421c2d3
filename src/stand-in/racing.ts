import { getDefaultResultOrder } from 'node:dns';
import type { Socket } from 'node:net';
import type { Observable } from 'rxjs';
import { raceTo } from '../connect.js';
import type { Connector } from '../connector/connector.js';
import { invalidType } from '../core/input/argument-errors.js';
import { callable, given, isObject } from '../core/input/checks.js';
import type { RaceEvent } from '../core/race/events.js';
import { checkRaceOptions, type RaceOptions } from '../plan/options.js';
import type { Resolver } from '../rx/resolve.js';

/**
 * How races for the sockets of other people's code are run. `connectTimeout` is `Infinity` by default: that code has limits of
 * its own.
 */
export type StandInOptions = Omit<RaceOptions, 'signal' | 'family'>;

/** What races for sockets. */
export interface Racing {
  readonly race$: (host: string, port: number, own: OwnOptions) => Observable<RaceEvent<Socket>>;
  /** It says itself how names are looked up. */
  readonly hasResolver: boolean;
  /** Nothing but the order of addresses is asked for, so that one address alone can be left to Node. */
  readonly isPlain: boolean;
}

/** What the race for one socket has of its own: a resolver where the socket has a look-up of its own. */
export interface OwnOptions {
  readonly socketFactory: () => Socket;
  readonly resolver?: Resolver;
}

/** Options that have a say even where there is but one address. */
const SAYS = ['blockList', 'filter', 'sort', 'connectTimeout', 'attemptTimeout', 'scheduler'] as const;

/**
 * What races for sockets, with options for each race.
 *
 * @param connector whose races share cache and history; default: none share anything
 * @throws TypeError, RangeError for options that make no sense
 */
export function racing(options: StandInOptions = {}, connector?: Pick<Connector, 'race$'>): Racing {
  checkRaceOptions(options, 'signal', 'family');
  checkConnector(connector);
  const race$ = (connector?.race$ ?? raceTo) as (host: string, port: number, options: object) => Observable<RaceEvent<Socket>>;
  // What a look-up of the caller's puts first is tried first, as Node does, unless a connector's history shall decide.
  const order = ({ resolver }: OwnOptions): RaceOptions => (resolver && !connector ? { sort: 'none' } : preference());
  return {
    race$: (host, port, own) => race$(host, port, { connectTimeout: Infinity, ...order(own), ...given(options), ...own }),
    hasResolver: options.resolver !== undefined,
    isPlain: !connector && SAYS.every((name) => options[name] === undefined),
  };
}

/** @throws TypeError for what is no connector */
export function checkConnector(connector: unknown): void {
  if (connector === undefined) return;
  if (!isObject(connector)) throw invalidType('options.connector', 'a connector', connector);
  callable('options.connector.race$', (connector as Partial<Connector>).race$);
}

/** The family that leads where the program was started, or has set, that one does. */
function preference(): Pick<RaceOptions, 'preferFamily'> {
  const order = getDefaultResultOrder();
  return order === 'verbatim' ? {} : { preferFamily: order === 'ipv4first' ? 4 : 6 };
}
