import { Observable, type ObservableInput } from 'rxjs';
import { callable, checkEach, type Checks } from '../core/input/checks.js';
import { invalidType } from '../core/input/argument-errors.js';
import { dialled, type Endpoint } from '../core/race/endpoint.js';
import type { RaceEvent } from '../core/race/events.js';
import { ipv6First, sortedBy, type Order } from '../plan/given-order.js';
import { hostInAscii, type RaceTarget } from '../plan/host-name.js';
import { elsewhere } from '../plan/nat64-stages.js';
import { pacingOf } from '../plan/pacing-of.js';
import {
  checkDelaysTogether,
  checkPort,
  defaults,
  racingChecks,
  type RacingOptions,
  type RacingSettings,
} from '../plan/racing-options.js';
import { servicePlanIn } from '../plan/service-plan.js';
import { destroy } from '../rx/destroy.js';
import { begin } from '../rx/race.js';
import type { RacePlan } from '../rx/race-plan.js';
import { resolve } from '../rx/resolve.js';
import type { Resolver } from '../rx/resolver.js';
import type { Transport } from '../rx/transport.js';
import { prefersIPv4In } from './selection.js';

/** Options of {@link race}. */
export interface PortableRaceOptions<T> extends RacingOptions {
  /** Where addresses come from. */
  readonly resolver: Resolver;
  /** How an attempt connects. */
  readonly transport: Transport<T>;
  /**
   * The order of the addresses, before the families are interleaved. `'none'` keeps the resolver's order, so that the first
   * address received leads. A function gets all endpoints known so far and returns them in order; `rfc6724({ findSources })` is
   * one. Default: the resolver's order with IPv6 first.
   */
  readonly sort?: 'none' | ((endpoints: readonly Endpoint[]) => readonly Endpoint[] | ObservableInput<readonly Endpoint[]>);
  /** Called with a message for everything that is dropped from a malformed answer. Default: it is dropped silently. */
  readonly complain?: (complaint: string) => void;
  /** Ends a value that was won when its subscriber has left. Default: calls its `destroy`, where it has one. */
  readonly discard?: (value: T) => void;
}

type Settings<T> = PortableRaceOptions<T> & RacingSettings;

/**
 * Races the addresses of a host over a resolver and a transport of the caller's, with everything that happens in the race: emits
 * each {@link RaceEvent}, the last of which is `connected`, and completes. Losers are `cancelled`, and gone, before that.
 *
 * It is what `race$` of the package is with the same resolver and transport, and runs wherever JavaScript does: nothing is asked
 * of a machine, so neither hosts files nor routes count.
 *
 * Cold: each subscription is one race. Unsubscribing ends everything at once.
 *
 * Errors with `ConnectionError` when there is no winner, and with the signal's reason when it is aborted.
 *
 * @throws TypeError, RangeError at the call, for a host, port or option that makes no sense
 *
 * @example
 * race('example.com', 443, { resolver: staticResolver(['2001:db8::1', '192.0.2.1']), transport: dial }).subscribe(console.log);
 */
export function race<T>(host: string, port: number, options: PortableRaceOptions<T>): Observable<RaceEvent<T>> {
  const asciiHost = hostInAscii(host, asUrlHost);
  checkPort(port);
  const settings = checkOptions(options);
  return new Observable((subscriber) => {
    begin(planOf({ host, asciiHost, port }, settings), subscriber);
  });
}

/** What URLs make of a name, which is what IDNA does. */
function asUrlHost(name: string): string {
  return URL.canParse(`http://${name}`) ? new URL(`http://${name}`).hostname : '';
}

const checks: Checks<PortableRaceOptions<never>> = {
  ...racingChecks,
  resolver: callable,
  transport: callable,
  sort: (name, value) => {
    if (value !== 'none' && typeof value !== 'function') throw invalidType(name, "'none' or a function", value);
  },
  complain: callable,
  discard: callable,
};

function checkOptions<T>(options: PortableRaceOptions<T>): Settings<T> {
  checkEach('options', options, checks);
  for (const name of ['resolver', 'transport'] as const) callable(`options.${name}`, options[name]);
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => (value as unknown) !== undefined));
  const settings = { ...defaults, ...given } as Settings<T>;
  checkDelaysTogether(settings);
  return settings;
}

function planOf<T>({ host, asciiHost, port }: RaceTarget, settings: Settings<T>): RacePlan<T> {
  const { family, preferFamily, resolver, sort, complain = () => undefined, discard = destroy } = settings;
  const pacing = pacingOf(settings, family || (preferFamily ?? (prefersIPv4In(sort) ? 4 : 6)));
  const nat64 = elsewhere(settings);
  const translation = nat64?.translation;
  const nowhere = { isOwn: () => false, network: () => '', complain };
  return {
    host,
    port,
    family,
    answers: (asked, name) => {
      const query = family === 0 ? asked : { ...asked, family };
      const ask = (one: typeof query) => resolve(name === undefined ? asciiHost : `${name}.`, resolver, one);
      return nat64 ? nat64.answers(ask, query) : ask(query);
    },
    services: servicePlanIn(nowhere, { asciiHost, port }, settings, resolver, { pacing, translation }),
    translation,
    complain,
    sort: orderOf(sort),
    interleaving: settings,
    pacing,
    // What stands for an IPv4 address in a network with NAT64 is dialled in its place.
    transport: (endpoint, progressed) => settings.transport(dialled(endpoint), progressed),
    discard,
    attemptTimeout: settings.attemptTimeout,
    connectTimeout: settings.connectTimeout,
    signal: settings.signal,
    scheduler: settings.scheduler,
  };
}

function orderOf(sort: PortableRaceOptions<unknown>['sort']): Order {
  if (sort === undefined) return ipv6First();
  return sort === 'none' ? (endpoints) => endpoints : (endpoints) => sortedBy(sort, endpoints);
}
