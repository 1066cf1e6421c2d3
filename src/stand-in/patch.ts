import { Socket } from 'node:net';
import { debug } from '../observe/debug.js';
import { connectArguments, isNameless, type ConnectTarget } from './connect-arguments.js';
import type { Filters } from '../node/filter.js';
// Before a program can replace them.
import '../node/original-lookup.js';
import '../rx/real-time.js';
import './natives.js';
import type { Racing, StandInOptions } from './racing.js';

/** What is needed once a socket connects to a name. */
export interface Races {
  /** @throws TypeError, RangeError for options that make no sense */
  readonly racing: (options: StandInOptions) => Racing;
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
   * Ranks the answers of look-ups as races with these options would, if they are to be ranked.
   *
   * @returns ends it, unless others have been registered since
   * @throws TypeError for what is no boolean
   */
  readonly rankLookups: (areRanked: unknown, options: StandInOptions) => () => void;
}

/** Options of `register`. */
export type RegisterOptions = StandInOptions & {
  /**
   * Ranks the answers of `dns.lookup` with `all: true`, for programs that look names up by themselves and try the addresses one
   * by one: in the order in which a race would, and addresses that failed lately last. Default false.
   */
  readonly lookups?: boolean;
};

type Register = (options?: RegisterOptions) => () => void;

/** Connects a socket by a race, or leaves it to Node: then it returns `undefined`. */
type Connect = (socket: Socket, given: readonly unknown[], original: Socket['connect']) => Socket | undefined;

/** The one registration of a process, whichever copy of this package made it. */
interface Registration {
  /** Absent: sockets connect as ever. */
  connect?: Connect;
  /** Absent: the answers of look-ups come as ever. */
  endLookups?: (() => void) | undefined;
  readonly original: Socket['connect'];
  readonly patched: Socket['connect'];
}

const KEY = Symbol.for('rx-happy-eyeballs.registration');
/**
 * The class that is patched holds its registration, so that each copy of this package finds that of the others: Jest loads one for
 * each file of specs, in a realm of its own.
 */
const shared = Socket as { [KEY]?: Registration };

/**
 * Makes `register` of what it needs. The first socket that connects to a name uses it, or the first options that have to be
 * checked: what loads itself then costs nothing in a process that connects to no name.
 */
export function registering(races: Races): Register {
  return (options = {}) => {
    const { lookups, raceOptions } = split(options);
    const connect = connecting(races, raceOptions);
    const endLookups = lookups === undefined || lookups === false ? undefined : races.rankLookups(lookups, raceOptions);
    const registration = (shared[KEY] ??= patch());
    // Where somebody has put back what was there before.
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

/** The option of look-ups, and those of the races. What is no object stays as it is, and is refused with these. */
function split(options: RegisterOptions): { readonly lookups?: unknown; readonly raceOptions: StandInOptions } {
  if (typeof options !== 'object' || (options as unknown) === null || !Object.hasOwn(options, 'lookups')) {
    return { raceOptions: options };
  }
  const { lookups, ...raceOptions } = options;
  return { lookups, raceOptions };
}

function connecting(races: Races, options: StandInOptions): Connect {
  let racing = isEmpty(options) ? undefined : races.racing(options);
  // Where there are filters there are options.
  const filters = racing?.filters;
  return (socket, given, original) => {
    const [destination, listener] = connectArguments(given);
    if (isNameless(destination) && !filters) return undefined;
    const create = (changed: ConnectTarget) => Reflect.apply(original, socket, [changed, listener]) as Socket;
    if (!races.hasConnection(socket)) return races.connectByRace(create, destination, (racing ??= races.racing(options)));
    return filters && races.connectFiltered(create, destination, filters);
  };
}

/** Options that need no check, as there are none. */
function isEmpty(options: unknown): boolean {
  return typeof options === 'object' && options !== null && !Array.isArray(options) && Reflect.ownKeys(options).length === 0;
}

/** Whether sockets of this process are raced for already, as this copy of the package has it, or another. */
export function isRegistered(): boolean {
  return shared[KEY]?.connect !== undefined;
}

function patch(): Registration {
  const original = Reflect.get(Socket.prototype, 'connect');
  if (!isNodesOwn(original)) debug('net.Socket.prototype.connect is not Node’s own: something else has replaced it before');
  // It may outlive its realm, and uses nothing of it.
  const patched = function (this: Socket, ...given: unknown[]): Socket {
    return registration.connect?.(this, given, original) ?? original.apply(this, given as never);
  };
  const registration: Registration = { original, patched };
  Socket.prototype.connect = registration.patched;
  return registration;
}

/** Puts Node's own back, unless somebody has put another in place of ours, which then calls ours in vain. */
function unpatch({ original, patched }: Registration): void {
  if (Socket.prototype.connect !== patched) return;
  Socket.prototype.connect = original;
  Reflect.deleteProperty(shared, KEY);
}

function isNodesOwn(connect: Socket['connect']): boolean {
  return Function.prototype.toString.call(connect).includes('normalizedArgsSymbol');
}
