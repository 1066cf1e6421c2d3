import { AsyncResource } from 'node:async_hooks';
import type { LookupAddress } from 'node:dns';
import type { LookupFunction as NetLookupFunction } from 'node:net';
import { parseAddress, type Address, type Family } from '../core/address/address.js';
import { toError } from '../core/error-tools.js';
import { realTime } from '../rx/real-time.js';
import { currentNetwork } from './connectivity.js';
import { systemLookup } from './original-lookup.js';

/** `dns.lookup`, or anything that is called as `net.connect` calls its `lookup` option. */
export type LookupFunction = NetLookupFunction;

/** What a look-up has found: addresses, or why there are none. */
export type Found = { readonly addresses: readonly string[] } | { readonly error: Error };

type Listener = (found: Found) => void;

/** A look-up that cannot be cancelled, and those who wait for it. */
interface UnderWay {
  readonly listeners: Set<Listener>;
  readonly startedAt: number;
}

/** A name of which it is still to be decided how it is looked up. */
interface Undecided {
  readonly host: string;
  /** As which each family would be looked up. */
  readonly name: string;
  readonly decided: (isApart: boolean) => void;
}

/** The system gives a name up long before; a function of somebody's that does not answer for so long never will. In ms. */
const PATIENCE = 60_000;

/**
 * Look-ups by one function, of which no two for the same name and family are under way at once: who asks for what has been
 * asked for waits for that answer. The system's look-ups cannot be cancelled, and a name whose DNS is dead would otherwise
 * take one thread more with each race.
 */
export class LookUps {
  readonly #lookup: LookupFunction;
  readonly #underWay = new Map<string, UnderWay>();
  readonly #slots: number;
  #undecided: Undecided[] = [];

  /** @param slots look-ups that run at once; further ones wait for them */
  constructor(lookup: LookupFunction, slots: number) {
    this.#lookup = lookup;
    this.#slots = slots;
  }

  has(host: string, family: 0 | Family): boolean {
    return this.#underWay.has(keyOf(host, family));
  }

  /**
   * Looks a name up, or waits for the look-up that is under way.
   *
   * @param family 0: both
   * @returns stops waiting; the look-up itself goes on
   */
  find(host: string, family: 0 | Family, listener: Listener): () => void {
    const key = keyOf(host, family);
    const known = this.#underWay.get(key);
    const shared = known && realTime().now() - known.startedAt < PATIENCE ? known : undefined;
    // Who joins is told in its own asynchronous context, not in that of who asked first.
    const own = shared ? AsyncResource.bind(listener) : listener;
    const underWay = shared ?? { listeners: new Set<Listener>(), startedAt: realTime().now() };
    underWay.listeners.add(own);
    if (!shared) this.#begin(key, host, family, underWay);
    return () => underWay.listeners.delete(own);
  }

  /**
   * Decides whether both families of a name are looked up side by side, or by one look-up: each name that is asked for in this
   * turn of the event loop gets one thread before any gets a second.
   *
   * @param decided called at once where any number of look-ups runs, else within this turn
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

/** In another network the same name may be another machine. */
function keyOf(host: string, family: 0 | Family): string {
  return `${currentNetwork()} ${family} ${host}`;
}

/**
 * How many look-ups Node has run by the system at once: libuv gives them half of its threads (rounded up), so that other work
 * finds the rest free.
 *
 * @see {@link https://nodejs.org/api/cli.html#uv_threadpool_sizesize UV_THREADPOOL_SIZE}
 */
export function systemSlots(size = process.env.UV_THREADPOOL_SIZE): number {
  const given = Number.parseInt(size ?? '', 10);
  const threads = Number.isNaN(given) ? 4 : Math.min(Math.max(given, 1), 1024);
  return Math.ceil(threads / 2);
}

const lookUps = new WeakMap<LookupFunction, LookUps>([[systemLookup, new LookUps(systemLookup, systemSlots())]]);

/** The look-ups by a function, shared by all of this process. Of functions other than the system's, any number runs at once. */
export function lookUpsBy(lookup: LookupFunction): LookUps {
  const known = lookUps.get(lookup);
  if (known) return known;
  const made = new LookUps(lookup, Infinity);
  lookUps.set(lookup, made);
  return made;
}

/** The addresses among what a look-up function has given. */
export function addressesOf(found: unknown): readonly Address[] {
  return listed(found)
    .map(parseAddress)
    .filter((address) => address !== undefined);
}

/** The addresses that a look-up function gives: a list, as it is asked for, or one, as those do that know of no list. */
function listed(found: unknown): string[] {
  const addresses = (Array.isArray(found) ? (found as unknown[]) : [found]).map((one) =>
    typeof one === 'string' ? one : (one as Partial<LookupAddress> | null | undefined)?.address,
  );
  return addresses.filter((address) => typeof address === 'string');
}
