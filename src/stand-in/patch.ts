import { Socket } from 'node:net';
import type { Connector } from '../connector/connector.js';
import { debug } from '../observe/debug.js';
import { connectArguments, isNameless, type ConnectTarget } from './connect-arguments.js';
import type { Filters } from '../node/filter.js';
// Loaded before a program can replace `dns.lookup`.
import '../node/original-lookup.js';
import '../rx/real-time.js';
import './natives.js';
import type { Racing, StandInOptions } from './racing.js';

/** The code that is needed once a socket connects to a name. */
export interface Races {
  /** @throws TypeError, RangeError for invalid options */
  readonly racing: (options: StandInOptions) => Racing;
  /** @throws TypeError, RangeError for invalid options, and for those that would have no effect */
  readonly plainRacing: (others: object, race?: StandInOptions, connector?: Pick<Connector, 'race$'>) => Racing;
  readonly connectByRace: <S extends Socket>(
    create: (destination: ConnectTarget) => S,
    destination: ConnectTarget,
    racing: Racing,
  ) => S;
  readonly connectFiltered: <S extends Socket>(
    create: (destination: ConnectTarget) => S,
    destination: ConnectTarget,
    filters?: Filters,
  ) => S;
  readonly hasConnection: (socket: Socket) => boolean;
  /**
   * Sorts the answers of look-ups as races with these options would, if `areRanked`.
   *
   * @returns a function that ends it, unless others have been registered since
   * @throws TypeError unless `areRanked` is a boolean
   */
  readonly rankLookups: (areRanked: unknown, options: StandInOptions) => () => void;
}

/** Options of `register`. */
export type RegisterOptions = StandInOptions & {
  /**
   * Whether answers of `dns.lookup` with `all: true` come in the order in which a race would try them, with addresses that failed
   * recently at the end. For programs that look names up by themselves and try the addresses one by one.
   *
   * @defaultValue false
   */
  readonly lookups?: boolean;
};

type Register = (options?: RegisterOptions) => () => void;

/** Connects a socket by a race, or returns `undefined` to leave it to Node. */
type Connect = (socket: Socket, given: readonly unknown[], original: Socket['connect']) => Socket | undefined;

/** The registration of a process, shared by all copies of this package. */
interface Registration {
  /** Absent if sockets connect as usual. */
  connect?: Connect;
  /** Absent if the answers of look-ups are unchanged. */
  endLookups?: (() => void) | undefined;
  readonly original: Socket['connect'];
  readonly patched: Socket['connect'];
}

const KEY = Symbol.for('rx-happy-eyeballs.registration');
/**
 * The patched class holds its registration, so that all copies of this package find it. Jest, for example, loads one copy per test
 * file, each in its own realm.
 */
const shared = Socket as { [KEY]?: Registration };

/**
 * Creates `register` from the code of races, which is used by the first socket that connects to a name, or to check options. If it
 * loads lazily, it costs nothing in a process that does neither.
 */
export function registering(races: Races): Register {
  return (options = {}) => {
    const { lookups, raceOptions } = split(options);
    const connect = connecting(races, raceOptions);
    const endLookups = lookups === undefined || lookups === false ? undefined : races.rankLookups(lookups, raceOptions);
    const registration = (shared[KEY] ??= patch());
    // Someone may have restored the previous method.
    if (Reflect.get(Socket.prototype, 'connect') === registration.original) Socket.prototype.connect = registration.patched;
    registration.connect = connect;
    registration.endLookups?.();
    registration.endLookups = endLookups;
    return () => {
      if (registration.connect !== connect) return;
      delete registration.connect;
      endLookups?.();
      unpatch(registration);
    };
  };
}

/** Splits the option for look-ups from those of races. Anything but an object is kept, and refused with the latter. */
function split(options: RegisterOptions): { readonly lookups?: unknown; readonly raceOptions: StandInOptions } {
  if (typeof options !== 'object' || (options as unknown) === null || !Object.hasOwn(options, 'lookups')) {
    return { raceOptions: options };
  }
  const { lookups, ...raceOptions } = options;
  return { lookups, raceOptions };
}

function connecting(races: Races, options: StandInOptions): Connect {
  let racing = isEmpty(options) ? undefined : races.racing(options);
  // Filters exist only with options.
  const filters = racing?.filters;
  return (socket, given, original) => {
    const [destination, listener] = connectArguments(given);
    if (isNameless(destination) && !filters) return undefined;
    const create = (changed: ConnectTarget) => Reflect.apply(original, socket, [changed, listener]) as Socket;
    if (!races.hasConnection(socket)) return races.connectByRace(create, destination, (racing ??= races.racing(options)));
    return filters && races.connectFiltered(create, destination, filters);
  };
}

/** Whether there are no options, and so nothing to check. */
function isEmpty(options: unknown): boolean {
  return typeof options === 'object' && options !== null && !Array.isArray(options) && Reflect.ownKeys(options).length === 0;
}

/** Whether sockets of this process already connect by races of this copy of the package or another. */
export function isRegistered(): boolean {
  return shared[KEY]?.connect !== undefined;
}

function patch(): Registration {
  const original = Reflect.get(Socket.prototype, 'connect');
  if (!isNodesOwn(original)) debug('net.Socket.prototype.connect is not Node’s own: something else has replaced it before');
  // It may outlive its realm, so it must not use anything of it.
  const patched = function (this: Socket, ...given: unknown[]): Socket {
    return registration.connect?.(this, given, original) ?? original.apply(this, given as never);
  };
  const registration: Registration = { original, patched };
  Socket.prototype.connect = registration.patched;
  return registration;
}

/** Restores Node's `connect`, unless someone has wrapped ours since. Their wrapper then still calls ours, which passes the call on. */
function unpatch({ original, patched }: Registration): void {
  if (Socket.prototype.connect !== patched) return;
  Socket.prototype.connect = original;
  Reflect.deleteProperty(shared, KEY);
}

function isNodesOwn(connect: Socket['connect']): boolean {
  return Function.prototype.toString.call(connect).includes('normalizedArgsSymbol');
}
