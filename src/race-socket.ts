import { AsyncResource } from 'node:async_hooks';
import dns, { getDefaultResultOrder } from 'node:dns';
import { getDefaultAutoSelectFamily, isIP, Socket, type LookupFunction, type SocketConstructorOpts } from 'node:net';
import { TLSSocket } from 'node:tls';
import { of, type Observable } from 'rxjs';
import { raceTo } from './connect.js';
import type { Connector } from './connector.js';
import type { Address } from './core/address.js';
import { recordType, type Answer } from './core/answers.js';
import { invalidType } from './core/argument-errors.js';
import { callable, given, isObject } from './core/checks.js';
import type { Connected, RaceEvent } from './core/events.js';
import { adopt, canAdopt } from './node/adoption.js';
import { addressesOf } from './node/lookup.js';
import { raceInto } from './node/race-into.js';
import { checkHost, checkRaceOptions, checkPort, type RaceOptions } from './options.js';
import type { Resolver } from './rx/resolve.js';

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
interface OwnOptions {
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

/** What a socket is told of where to connect; names and meanings are those of `net.connect`. */
export interface Destination {
  readonly host?: string | null;
  readonly port?: number | string | null;
  readonly family?: number | string;
  readonly lookup?: LookupFunction;
  readonly hints?: number;
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
 * The socket is Node's in everything, and its look-up is what the race hangs on: Node calls it when it would look the name up,
 * and as long as it is not answered, the socket is connecting.
 *
 * @param create makes it from options of `net.connect`, and connects it, as ever
 */
export function connectByRace<S extends Socket>(
  create: (destination: Destination) => S,
  destination: Destination,
  { race$, hasResolver, isPlain }: Racing,
): S {
  if (!isRaceable(destination)) return create(destination);
  const { port, session } = destination;
  const lookup = destination.lookup ?? (hasResolver ? undefined : otherLookup(destination));
  const host = destination.host || 'localhost';

  /** The socket and the handle with which it waits, from when `create` has returned. */
  const waiting: { socket?: S; handle?: object | null } = {};
  /** Not any more when it was destroyed, even if it connects again. */
  const isWaiting = ({ socket, handle } = waiting) => !socket || (socket.connecting && handleOf(socket) === handle);

  const hook: LookupFunction = (name, options, answered) => {
    const settle = ({ value, endpoint }: Connected<Socket>) => {
      const socket = waiting.socket!;
      if (canAdopt(socket)) {
        adopt(socket, value, session);
        return;
      }
      // The race has found out where to connect to, and Node connects once more.
      value.destroy();
      answered(null, endpoint.address, endpoint.family);
    };
    const context = new AsyncResource('RACE');
    const begin = (own: Pick<OwnOptions, 'resolver'>) => {
      const race = (socketFactory: () => Socket) => race$(host, Number(port), { ...own, socketFactory });
      // As with Node's own look-ups, nothing happens before those who listen had their chance.
      process.nextTick(() => {
        if (waiting.socket && isWaiting()) context.runInAsyncScope(raceInto, undefined, waiting.socket, host, race, settle);
      });
    };
    if (!lookup) return begin({});

    // Called as Node would call it; and where there is nothing to race for, it is Node that goes on.
    let isAnswered = false;
    lookup(name, { ...options, all: true }, (error, found: unknown, family) => {
      if (isAnswered || !isWaiting()) return;
      isAnswered = true;
      if (error) return answered(error, undefined as never);
      const addresses = addressesOf(found);
      const [first, ...others] = addresses;
      if (!first) answered(null, firstOf(found) as never, family);
      else if (others.length === 0 && isPlain) answered(null, first.address, first.family);
      else begin({ resolver: answering(addresses) });
    });
  };
  const socket = create({ ...destination, autoSelectFamily: false, lookup: hook });
  Object.assign(waiting, { socket, handle: handleOf(socket) });
  return socket;
}

function handleOf(socket: Socket): object | null | undefined {
  return (socket as { _handle?: object | null })._handle;
}

/** The first thing in place of an address that a look-up function gives, for Node to complain of. */
function firstOf(found: unknown): string | undefined {
  const [first] = [found].flat();
  return (first as { address?: string } | null | undefined)?.address ?? (first as string | undefined);
}

/** What `dns.lookup` is where nobody has replaced it. */
const systemLookup = dns.lookup;

/**
 * The program's own look-up, where to ask the system for each family would not do: with hints for it, which it checks, and in a
 * program that has put another in its place.
 */
function otherLookup({ hints }: Destination): LookupFunction | undefined {
  return hints || dns.lookup !== systemLookup ? dns.lookup : undefined;
}

/** A resolver that knows the answers, whatever it is asked for; the family that was found first comes first. */
function answering(addresses: readonly Address[]): Resolver {
  const families = new Set([...addresses.map(({ family }) => family), 6, 4] as const);
  const answers = [...families].map((family): Answer => {
    const own = addresses.filter((address) => address.family === family);
    return { type: recordType(family), addresses: own.map(({ address }) => address) };
  });
  return Object.assign(() => of(...answers), { decides: true });
}

/**
 * Whether there is anything to race for. An address, a path, a local end, a family, and a caller or a program that has turned
 * Node's own choice of families off, leave nothing to choose.
 */
function isRaceable({ port, family, autoSelectFamily, lookup, ...others }: Destination): boolean {
  const host = others.host || 'localhost';
  if (isIP(host) || family || others.path || others.localAddress || others.localPort || others.socket) return false;
  const selects: unknown = autoSelectFamily ?? getDefaultAutoSelectFamily();
  if (selects !== true) return false;
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
  readonly #racing: Racing;

  /** @throws TypeError, RangeError for options that make no sense */
  constructor({ race = {}, ...options }: SocketConstructorOpts & { readonly race?: StandInOptions } = {}) {
    super(options);
    this.#racing = racing(race);
  }

  override connect(...given: unknown[]): this {
    if (hasConnection(this)) return super.connect(...(given as [never]));
    const [destination, listener] = connectArguments(given);
    return connectByRace((changed) => super.connect(changed as never, listener), destination, this.#racing);
  }
}

/** A socket that was made of a handle, or of another socket, or that has connected already. */
export function hasConnection(socket: Socket): boolean {
  const { _parent } = socket as { _parent?: object | null };
  return socket instanceof TLSSocket ? Boolean(_parent) : Boolean(handleOf(socket)) && !socket.destroyed;
}

/** The arguments of `socket.connect`, in each of its forms: `(port, host, listener)`, `(path)`, `(options)`, and that of `net.connect`. */
export function connectArguments(given: readonly unknown[]): [destination: Destination, listener?: () => void] {
  const [first, second] = given;
  // As `net.connect` hands them on: a list in a list, which bears a mark.
  if (Array.isArray(first) && Object.getOwnPropertySymbols(first).length > 0)
    return first as unknown as [Destination, () => void];
  const last = given.at(-1);
  const listener = typeof last === 'function' ? (last as () => void) : undefined;
  if (typeof first === 'object' && first !== null) return [first, listener];
  if (typeof first === 'string' && !(Number(first) >= 0)) return [{ path: first }, listener];
  return [{ port: first as number, ...(typeof second === 'string' && { host: second }) }, listener];
}
