import { getDefaultResultOrder } from 'node:dns';
import { getDefaultAutoSelectFamily, isIP, Socket, type LookupFunction, type SocketConstructorOpts } from 'node:net';
import type { Observable } from 'rxjs';
import { raceTo } from './connect.js';
import type { Connector } from './connector.js';
import { given } from './core/checks.js';
import type { Connected, RaceEvent } from './core/events.js';
import { adopt, internals } from './node/adoption.js';
import { answersOf } from './node/lookup.js';
import { raceInto, type RaceForSocket } from './node/race-into.js';
import { checkHost, checkOptions, checkPort, type RaceOptions } from './options.js';
import type { Resolver } from './rx/resolve.js';

/**
 * How races for the sockets of other people's code are run. `connectTimeout` is `Infinity` by default: that code has limits of
 * its own.
 */
export type StandInOptions = Omit<RaceOptions, 'signal' | 'family'>;

/** A race for a socket. */
export type Race = (
  host: string,
  port: number,
  own: { readonly socketFactory: () => Socket; readonly resolver?: Resolver },
) => Observable<RaceEvent<Socket>>;

/**
 * What races for sockets, with options for each race.
 *
 * @param connector whose races share cache and history; default: none share anything
 * @throws TypeError, RangeError for options that make no sense
 */
export function raceFunction(options: StandInOptions = {}, connector?: Pick<Connector, 'race$'>): Race {
  checkOptions(options);
  const race$ = (connector?.race$ ?? raceTo) as (host: string, port: number, options: object) => Observable<RaceEvent<Socket>>;
  return (host, port, own) => race$(host, port, { connectTimeout: Infinity, ...preference(), ...given(options), ...own });
}

/** What a socket is told of where to connect; names and meanings are those of `net.connect`. */
export interface Destination {
  readonly host?: string | null;
  readonly port?: number | string | null;
  readonly family?: number | string;
  readonly lookup?: LookupFunction;
  readonly autoSelectFamily?: boolean;
  readonly path?: unknown;
  readonly localAddress?: unknown;
  readonly localPort?: unknown;
  readonly socket?: unknown;
  /** Of `tls.connect`. */
  readonly session?: Buffer;
}

/**
 * Makes a socket that connects by a race, where there is something to race for, and that knows nothing of it.
 *
 * @param create makes it from options of `net.connect`, and connects it, as ever
 */
export function connectByRace<S extends Socket>(
  create: (destination: Destination) => S,
  destination: Destination,
  race: Race,
): S {
  if (!isRaceable(destination)) return create(destination);
  const { port, lookup, session } = destination;
  const host = destination.host || 'localhost';
  let resolver: Resolver | undefined;
  let lookedUp: Parameters<LookupFunction>[2];
  // Called by Node when it would look the name up: a look-up of the caller's is then called as Node would call it.
  const hook: LookupFunction = (name, lookupOptions, callback) => {
    lookedUp = callback;
    if (!lookup) return;
    const answers$ = answersOf(lookup, name, lookupOptions);
    resolver = Object.assign(() => answers$, { decides: true });
  };
  const socket = create({ ...destination, autoSelectFamily: false, lookup: hook });
  const raceForSocket: RaceForSocket = (socketFactory) =>
    race(host, Number(port), { socketFactory, ...(resolver && { resolver }) });
  const settle = ({ value, endpoint }: Connected<Socket>) => {
    if (internals) return adopt(socket, value, session);
    // A Node whose inside is another: the race has found out where to connect to, and Node connects once more.
    value.destroy();
    lookedUp(null, endpoint.address, endpoint.family);
  };
  if (socket.connecting) raceInto(socket, host, raceForSocket, settle);
  return socket;
}

/**
 * Whether there is anything to race for. An address, a path, a local end, a family, and a caller or a program that has turned
 * Node's own choice of families off, leave nothing to choose.
 */
function isRaceable({ port, family, autoSelectFamily, lookup, ...others }: Destination): boolean {
  const host = others.host || 'localhost';
  if (isIP(host) || family || others.path || others.localAddress || others.localPort || others.socket) return false;
  if (autoSelectFamily === false || (autoSelectFamily === undefined && !getDefaultAutoSelectFamily())) return false;
  if (lookup !== undefined && typeof lookup !== 'function') return false;
  try {
    checkHost(host);
    checkPort(Number(port));
    return true;
  } catch {
    return false; // Node shall say what is wrong with it
  }
}

/** The family that leads where the program was started, or has set, that one does. */
function preference(): Pick<RaceOptions, 'preferFamily'> {
  const order = getDefaultResultOrder();
  return order === 'verbatim' ? {} : { preferFamily: order === 'ipv4first' ? 4 : 6 };
}

/**
 * A `net.Socket` that connects to a host name by racing its addresses; in everything else it is what it extends.
 *
 * @example
 * const client = new pg.Client({ stream: () => new RaceSocket() });
 */
export class RaceSocket extends Socket {
  readonly #race: Race;

  /** @throws TypeError, RangeError for options that make no sense */
  constructor({ race = {}, ...options }: SocketConstructorOpts & { readonly race?: StandInOptions } = {}) {
    super(options);
    this.#race = raceFunction(race);
  }

  override connect(...given: unknown[]): this {
    const [destination, listener] = connectArguments(given);
    return connectByRace((changed) => super.connect(changed as never, listener), destination, this.#race);
  }
}

/** The arguments of `socket.connect`, in each of its forms: `(port, host, listener)`, `(path)`, `(options)`, and that of `net.connect`. */
export function connectArguments(given: readonly unknown[]): [destination: Destination, listener?: () => void] {
  const [first, second] = given;
  // As `net.connect` hands them on: a list in a list.
  if (Array.isArray(first)) return first as unknown as [Destination, () => void];
  const listener = given.findLast((argument) => typeof argument === 'function') as (() => void) | undefined;
  if (typeof first === 'object' && first !== null) return [first, listener];
  if (typeof first === 'string' && !(Number(first) >= 0)) return [{ path: first }, listener];
  return [{ port: first as number, ...(typeof second === 'string' && { host: second }) }, listener];
}
