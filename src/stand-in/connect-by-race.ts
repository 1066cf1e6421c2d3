import { AsyncResource } from 'node:async_hooks';
import dns from 'node:dns';
import { getDefaultAutoSelectFamily, isIP, type LookupFunction, type Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { of } from 'rxjs';
import { type Address, familiesFrom } from '../core/address/address.js';
import { recordType, type Answer } from '../core/race/answers.js';
import { dialled } from '../core/race/endpoint.js';
import { debug } from '../observe/debug.js';
import { original, systemLookup } from '../node/original-lookup.js';
import { addressesOf } from '../node/system-lookup.js';
import { checkHost, checkPort } from '../plan/options.js';
import { realTime } from '../rx/real-time.js';
import type { Resolver } from '../rx/resolver.js';
import { HandleCalls } from './handle-calls.js';
import { ownOf, type ConnectTarget } from './connect-arguments.js';
import { connectFiltered, refusalOf, textOf } from './connect-filtered.js';
import { handleOf } from './handle.js';
import { nativeError } from './native-error.js';
import { otherAttempt, RaceInto, type Answered, type RaceForSocket } from './race-into.js';
import type { Racing } from './racing.js';

/**
 * Creates a socket and lets a race connect it where there is a choice of addresses. To its user it behaves like any other socket.
 *
 * The socket is Node's in everything, and its look-up is what the race hangs on: Node calls it when it would look the name up,
 * and until it is answered, the socket is connecting.
 *
 * @param create makes it from options of `net.connect`, and connects it, as ever
 */
export function connectByRace<S extends Socket>(
  create: (destination: ConnectTarget) => S,
  given: ConnectTarget,
  racing: Racing,
): S {
  const destination = ownOf(given);
  if (!isRaceable(destination)) return connectFiltered(create, destination, racing.filters);
  const connecting = new Connecting(destination, racing);
  const lookup: LookupFunction = (name, options, answered) => {
    connecting.lookUp(name, options, answered);
  };
  const changed: Mutable<ConnectTarget> = { ...destination };
  changed.autoSelectFamily = false;
  changed.lookup = lookup;
  const socket = create(changed);
  connecting.created(socket);
  return socket;
}

type Mutable<T> = { -readonly [Name in keyof T]: T[Name] };

/** What is known of a socket from when it is told to connect until its race begins. */
class Connecting {
  readonly #host: string;
  #socket?: Socket;
  /** The handle with which it waits. */
  #handle?: object | null;
  /** What is said to that handle, where it is one for TLS. */
  readonly #calls = new HandleCalls();
  #isCreated = false;

  constructor(
    private readonly destination: ConnectTarget,
    private readonly racing: Racing,
  ) {
    this.#host = destination.host || 'localhost';
  }

  created(socket: Socket): void {
    this.#isCreated = true;
    this.#socket = socket;
    this.#handle = handleOf(socket);
    if (socket instanceof TLSSocket) this.#calls.listen(socket);
  }

  /**
   * Is called within the creation of the socket; and, where an interceptor makes another with the same options, for that one as
   * well, at any time.
   */
  lookUp(name: string, options: LookupOptions, answered: Answered): void {
    const isOwn = !this.#isCreated;
    const context = new AsyncResource('RACE');
    const lookup = this.destination.lookup ?? (this.racing.hasResolver ? undefined : otherLookup(this.destination));
    const begin = (found?: readonly Address[]) => {
      // As with Node's own look-ups, nothing happens before those who listen had their chance.
      realTime().nextTick(() => {
        context.runInAsyncScope(() => {
          this.begin(found, answered, options.all === true, isOwn, context);
        });
      });
    };
    if (!lookup) {
      begin();
      return;
    }

    // Called as Node would call it; and where there is nothing to race for, it is Node that goes on.
    let isAnswered = false;
    lookup(name, { ...options, all: true }, (error, found: unknown, family) => {
      if (isAnswered || (isOwn && !this.isWaiting())) return;
      isAnswered = true;
      if (error) {
        this.#calls.stop();
        answered(error, undefined as never);
        return;
      }
      const addresses = addressesOf(found);
      const [first, ...others] = addresses;
      if (!first) this.pass(answered, firstOf(found), family);
      else if (others.length === 0 && this.racing.isPlain) {
        this.#calls.stop();
        answerWith(answered, first, options.all === true);
      } else begin(byFamily(addresses));
    });
  }

  /** Passes an answer that is no address on to Node, which says so: unless Node sees one in it after all. */
  private pass(answered: Answered, found: unknown, family: number | undefined): void {
    const { filters } = this.racing;
    const refused = filters && found != null && refusalOf(textOf(found), Number(this.destination.port), filters);
    if (refused) answered(refused, undefined as never);
    else answered(null, found as never, family);
  }

  /** Not any more when it was destroyed, even if it connects again. */
  private isWaiting(): boolean {
    return !this.#socket || (this.#socket.connecting && handleOf(this.#socket) === this.#handle);
  }

  private begin(
    found: readonly Address[] | undefined,
    answered: Answered,
    isForAll: boolean,
    isOwn: boolean,
    context: AsyncResource,
  ): void {
    const { session } = this.destination;
    const { tls } = this.racing;
    const port = Number(this.destination.port);
    const socket = this.#socket;
    const isByItself = !isOwn || !socket || !isLookedUp(socket);
    // Who connects by itself to an address does so with its own port.
    const alpn = isByItself ? undefined : httpProtocols(this.destination);
    const race: RaceForSocket = (socketFactory, begun) => {
      const own = { ...(found && { resolver: answering(found) }), ...(alpn && { alpn }), ...(begun && { begun }) };
      return this.racing.race$(this.#host, port, { ...own, socketFactory });
    };
    if (isByItself) answerByRace(race, answered, isForAll, context);
    else if (this.isWaiting()) {
      const waiting = { socket, host: this.#host, port, found, answered, session, calls: this.#calls, context, tls };
      new RaceInto(waiting).start(race, this.racing.ahead);
    }
  }
}

type LookupOptions = Parameters<LookupFunction>[1];

/** Whether Node itself looks a name up for a socket: one that an interceptor has made need not even know of it. */
function isLookedUp(socket: Socket): boolean {
  return (socket as { _host?: string | null })._host != null;
}

/** The protocols of a socket that speaks HTTP over TLS; `undefined` for others. */
function httpProtocols({ ALPNProtocols, agent }: ConnectTarget): readonly string[] | undefined {
  const offered: readonly unknown[] = Array.isArray(ALPNProtocols) ? ALPNProtocols : [];
  const protocols = offered.filter((one) => typeof one === 'string');
  // Where nothing is offered, `https` will offer this.
  if (protocols.length === 0 && (agent as { protocol?: unknown } | undefined)?.protocol === 'https:') return ['http/1.1'];
  return protocols.includes('http/1.1') || protocols.includes('h2') ? protocols : undefined;
}

/** Answers the look-up of a socket that is not known with the address that wins a race; it then connects by itself. */
function answerByRace(race: RaceForSocket, answered: Answered, isForAll: boolean, context: AsyncResource): void {
  const within = (work: () => void) => {
    context.runInAsyncScope(work);
  };
  race(() => otherAttempt(undefined, within)).subscribe({
    next: (event) => {
      if (event.type !== 'connected') return;
      event.value.destroy();
      within(() => {
        answerWith(answered, dialled(event.endpoint), isForAll);
      });
    },
    error: (thrown: unknown) => {
      within(() => {
        answered(nativeError(thrown), undefined as never);
      });
    },
  });
}

/** Answers a look-up as it was asked: for all addresses, or for one. */
function answerWith(answered: Answered, { address, family }: Address, isForAll: boolean): void {
  if (isForAll) answered(null, [{ address, family }]);
  else answered(null, address, family);
}

/** The first thing in place of an address that a look-up function gives, for Node to complain of. */
function firstOf(found: unknown): string | undefined {
  const [first] = [found].flat();
  return (first as { address?: string } | null | undefined)?.address ?? (first as string | undefined);
}

/**
 * The program's own look-up, where to ask the system for each family would not do: with hints for it, which it checks, and in a
 * program that has put another in its place. `register({ lookups: true })` puts none there that would count.
 */
function otherLookup({ hints }: ConnectTarget): LookupFunction | undefined {
  const lookup = original(dns.lookup);
  return hints || lookup !== systemLookup ? lookup : undefined;
}

/** What a look-up has found, as a race takes it in: one family after the other, that which was found first before. */
function byFamily(found: readonly Address[]): readonly Address[] {
  const { family } = found[0]!;
  return [...found.filter((address) => address.family === family), ...found.filter((address) => address.family !== family)];
}

/** A resolver that knows the answers, whatever it is asked for; the family that was found first comes first. */
function answering(found: readonly Address[]): Resolver {
  const families = familiesFrom(found[0]!.family);
  const answers = families.map((family): Answer => {
    const own = found.filter((address) => address.family === family);
    return { type: recordType(family), addresses: own.map(({ address }) => address) };
  });
  return Object.assign(() => of(...answers), { decides: true });
}

function unraced(host: string, port: unknown, reason: string): false {
  debug(`${host}:${String(port)} is not raced for: ${reason}`);
  return false;
}

/**
 * Whether there is anything to race for. An address, a path, a local end, a family, and a caller or a program that has turned
 * Node's own choice of families off, leave nothing to choose.
 */
function isRaceable(destination: ConnectTarget): boolean {
  const { port, family, autoSelectFamily, lookup } = destination;
  const host = destination.host || 'localhost';
  if (isIP(host) || destination.path || destination.localAddress || destination.localPort || destination.socket) return false;
  if (family) return unraced(host, port, 'it has a `family`');
  const selects: unknown = autoSelectFamily ?? getDefaultAutoSelectFamily();
  if (selects !== true) return unraced(host, port, '`autoSelectFamily` is off');
  if (lookup !== undefined && typeof lookup !== 'function') return false;
  try {
    checkHost(host);
    checkPort(Number(port));
    return true;
  } catch {
    return false; // Node shall say what is wrong with it
  }
}
