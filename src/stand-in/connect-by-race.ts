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
 * It is Node's own socket. The race works through its look-up: Node calls it to look the name up, and the socket is connecting
 * until it is answered.
 *
 * @param create creates and connects the socket from options of `net.connect`, as usual
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

/** A socket between the call to connect and the beginning of its race. */
class Connecting {
  readonly #host: string;
  #socket?: Socket;
  /** The socket's own handle. */
  #handle?: object | null;
  /** The calls made on that handle, if it is for TLS. */
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
   * Called while the socket is created. If an interceptor creates another socket with the same options, also called for that one,
   * at any time.
   */
  lookUp(name: string, options: LookupOptions, answered: Answered): void {
    const isOwn = !this.#isCreated;
    const context = new AsyncResource('RACE');
    const lookup = this.destination.lookup ?? (this.racing.hasResolver ? undefined : otherLookup(this.destination));
    const begin = (found?: readonly Address[]) => {
      // As with Node's own look-ups, nothing happens before listeners can be added.
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

    // Called as Node would call it. If there is nothing to race for, Node continues.
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

  /** Passes an answer that is not an address on to Node, which reports it, unless Node finds an address in it after all. */
  private pass(answered: Answered, found: unknown, family: number | undefined): void {
    const { filters } = this.racing;
    const refused = filters && refusalOf(textOf(found), Number(this.destination.port), filters);
    if (refused) answered(refused, undefined as never);
    else answered(null, found as never, family);
  }

  /** False once the socket was destroyed, even if it connects again. */
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
    // A socket that connects by itself keeps its own port.
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

/** Whether Node itself looks up a name for a socket. An interceptor's socket need not even exist yet. */
function isLookedUp(socket: Socket): boolean {
  return (socket as { _host?: string | null })._host != null;
}

/** The protocols of a socket for HTTP over TLS; `undefined` for any other. */
function httpProtocols({ ALPNProtocols, agent }: ConnectTarget): readonly string[] | undefined {
  const offered: readonly unknown[] = Array.isArray(ALPNProtocols) ? ALPNProtocols : [];
  const protocols = offered.filter((one) => typeof one === 'string');
  // If nothing is offered, `https` offers this.
  if (protocols.length === 0 && (agent as { protocol?: unknown } | undefined)?.protocol === 'https:') return ['http/1.1'];
  return protocols.includes('http/1.1') || protocols.includes('h2') ? protocols : undefined;
}

/** Answers the look-up of an unknown socket with the address that wins a race. The socket then connects by itself. */
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

/** Answers a look-up in the requested form: all addresses, or one. */
function answerWith(answered: Answered, { address, family }: Address, isForAll: boolean): void {
  if (isForAll) answered(null, [{ address, family }]);
  else answered(null, address, family);
}

/** The first invalid address in the result of a look-up function, which Node reports. */
function firstOf(found: unknown): string | undefined {
  const [first] = [found].flat();
  return (first as { address?: string } | null | undefined)?.address ?? (first as string | undefined);
}

/**
 * The look-up to use if asking the system for each family separately would be wrong: with hints, which it must check, and in a
 * program that has replaced `dns.lookup`. The replacement by `register({ lookups: true })` does not count.
 */
function otherLookup({ hints }: ConnectTarget): LookupFunction | undefined {
  const lookup = original(dns.lookup);
  return hints || lookup !== systemLookup ? lookup : undefined;
}

/** Groups the addresses of a look-up by family, the family of the first address first. */
function byFamily(found: readonly Address[]): readonly Address[] {
  const { family } = found[0]!;
  return [...found.filter((address) => address.family === family), ...found.filter((address) => address.family !== family)];
}

/** A resolver with fixed answers for any name. The family of the first address comes first. */
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
 * Whether there is anything to race for. There is not if the target is an address or a path, if a local end or a family is given,
 * or if the caller or the program has switched off Node's own family selection.
 */
function isRaceable(destination: ConnectTarget): boolean {
  const { port, family, autoSelectFamily, lookup } = destination;
  const host = destination.host || 'localhost';
  if (isIP(host) || destination.path || destination.socket) return false;
  if (destination.localAddress || destination.localPort) return unraced(host, port, 'its local end is given');
  if (family) return unraced(host, port, 'it has a `family`');
  const selects: unknown = autoSelectFamily ?? getDefaultAutoSelectFamily();
  if (selects !== true) return unraced(host, port, '`autoSelectFamily` is off');
  if (lookup !== undefined && typeof lookup !== 'function') return false;
  try {
    checkHost(host);
    checkPort(Number(port));
    return true;
  } catch {
    return false; // Node reports what is wrong with it
  }
}
