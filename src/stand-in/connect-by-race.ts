import { AsyncResource } from 'node:async_hooks';
import dns from 'node:dns';
import { getDefaultAutoSelectFamily, isIP, type LookupFunction, type Socket } from 'node:net';
import { of } from 'rxjs';
import type { Address } from '../core/address/address.js';
import { recordType, type Answer } from '../core/race/answers.js';
import type { Connected } from '../core/race/events.js';
import { addressesOf } from '../node/system-lookup.js';
import { checkHost, checkPort } from '../plan/options.js';
import type { Resolver } from '../rx/resolve.js';
import { adopt, canAdopt } from './adoption.js';
import { handleOf, type Destination } from './connect-arguments.js';
import { raceInto } from './race-into.js';
import type { OwnOptions, Racing } from './racing.js';

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
