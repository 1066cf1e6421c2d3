import { AsyncResource } from 'node:async_hooks';
import type { LookupAddress } from 'node:dns';
import type { LookupFunction as NetLookupFunction } from 'node:net';
import { parseAddress, type Address, type Family } from '../core/address/address.js';
import { toError } from '../core/error-tools.js';
import { realTime } from '../rx/real-time.js';
import { currentNetwork } from './connectivity.js';
import { systemLookup } from './original-lookup.js';

/** `dns.lookup`, or any function that `net.connect` accepts as its `lookup` option. */
export type LookupFunction = NetLookupFunction;

/** The result of a look-up: addresses, or the reason why there are none. */
export type Found = { readonly addresses: readonly string[] } | { readonly error: Error };

type Listener = (found: Found) => void;

/** A look-up, which cannot be cancelled, and its listeners. */
interface UnderWay {
  readonly listeners: Set<Listener>;
  readonly startedAt: number;
}

/** A name for which the kind of look-up is still undecided. */
interface Undecided {
  readonly host: string;
  /** The name under which each family would be looked up. */
  readonly name: string;
  readonly decided: (isApart: boolean) => void;
}

/** In ms. The system gives up on a name long before. A custom function that takes this long will never answer. */
const PATIENCE = 60_000;

/**
 * Look-ups by one function. Concurrent look-ups of the same name and family share one call. The system's look-ups cannot be
 * cancelled, and otherwise a name with a dead DNS server would occupy one more thread with each race.
 */
export class LookUps {
  readonly #lookup: LookupFunction;
  readonly #underWay = new Map<string, UnderWay>();
  readonly #slots: number;
  #undecided: Undecided[] = [];

  /** @param slots the most look-ups that run at the same time; others wait */
  constructor(lookup: LookupFunction, slots: number) {
    this.#lookup = lookup;
    this.#slots = slots;
  }

  has(host: string, family: 0 | Family): boolean {
    return this.#underWay.has(keyOf(host, family));
  }

  /**
   * Looks up a name, or waits for the look-up in progress.
   *
   * @param family 0: both
   * @returns a function that stops waiting; the look-up itself goes on
   */
  find(host: string, family: 0 | Family, listener: Listener): () => void {
    const key = keyOf(host, family);
    const known = this.#underWay.get(key);
    const shared = known && realTime().now() - known.startedAt < PATIENCE ? known : undefined;
    // A listener that joins is called in its own async context, not in that of the first one.
    const own = shared ? AsyncResource.bind(listener) : listener;
    const underWay = shared ?? { listeners: new Set<Listener>(), startedAt: realTime().now() };
    underWay.listeners.add(own);
    if (!shared) this.#begin(key, host, family, underWay);
    return () => underWay.listeners.delete(own);
  }

  /**
   * Decides whether both families of a name are looked up in parallel or by one look-up: each name of this turn of the event loop
   * gets one thread before any gets a second.
   *
   * @param decided called at once if the number of look-ups is unlimited, otherwise within this turn
   */
  decide(host: string, name: string, decided: (isApart: boolean) => void): void {
    if (this.#slots === Infinity) return decided(true);
    if (this.#undecided.push({ host, name, decided }) === 1) realTime().nextTick(() => this.#decideAll());
  }

  #decideAll(): void {
    const undecided = this.#undecided;
    this.#undecided = [];
    const isHalfAsked = ({ name }: Undecided) => this.has(name, 6) || this.has(name, 4);
    const fresh = new Set(undecided.filter((one) => !isHalfAsked(one)).map(({ host }) => host));
    let second = this.#slots - this.#underWay.size - fresh.size;
    for (const one of undecided) {
      const isApart = isHalfAsked(one) || (!this.has(one.host, 0) && second-- > 0);
      one.decided(isApart);
    }
  }

  #begin(key: string, host: string, family: 0 | Family, underWay: UnderWay): void {
    this.#underWay.set(key, underWay);
    const tell = (found: Found) => {
      if (this.#underWay.get(key) === underWay) this.#underWay.delete(key);
      const listeners = [...underWay.listeners];
      underWay.listeners.clear();
      for (const listener of listeners) listener(found);
    };
    try {
      this.#lookup(host, { family, all: true, verbatim: true }, (error, found) => {
        tell(error ? { error: toError(error) } : { addresses: listed(found) });
      });
    } catch (error) {
      tell({ error: toError(error) });
    }
  }
}

/** Includes the network, since the same name may be another machine elsewhere. */
function keyOf(host: string, family: 0 | Family): string {
  return `${currentNetwork()} ${family} ${host}`;
}

/**
 * The number of look-ups that Node runs at the same time: libuv reserves half of its threads (rounded up) for them.
 *
 * @see {@link https://nodejs.org/api/cli.html#uv_threadpool_sizesize UV_THREADPOOL_SIZE}
 */
export function systemSlots(size = process.env.UV_THREADPOOL_SIZE): number {
  const given = Number.parseInt(size ?? '', 10);
  const threads = Number.isNaN(given) ? 4 : Math.min(Math.max(given, 1), 1024);
  return Math.ceil(threads / 2);
}

const lookUps = new WeakMap<LookupFunction, LookUps>([[systemLookup, new LookUps(systemLookup, systemSlots())]]);

/** The look-ups of a function, shared within the process. Only the system's are limited in number. */
export function lookUpsBy(lookup: LookupFunction): LookUps {
  const known = lookUps.get(lookup);
  if (known) return known;
  const made = new LookUps(lookup, Infinity);
  lookUps.set(lookup, made);
  return made;
}

/** The valid addresses in the result of a look-up function. */
export function addressesOf(found: unknown): readonly Address[] {
  return listed(found)
    .map(parseAddress)
    .filter((address) => address !== undefined);
}

/** The addresses in the result of a look-up function: a list, as requested, or a single one from functions that ignore `all`. */
function listed(found: unknown): string[] {
  const addresses = (Array.isArray(found) ? (found as unknown[]) : [found]).map((one) =>
    typeof one === 'string' ? one : (one as Partial<LookupAddress> | null | undefined)?.address,
  );
  return addresses.filter((address) => typeof address === 'string');
}
