import { catchError, defer, from, map, mergeMap, of, share, type Observable } from 'rxjs';
import { errorCode, NOTHING_THERE } from '../core/error-tools.js';
import type { Address } from '../core/address/address.js';
import { nat64Prefixes, type Nat64Prefix } from '../core/address/nat64.js';
import { debug } from '../observe/debug.js';
import { currentlyRouted, currentNetwork, currentSources, hasTranslation } from './connectivity.js';
import type { DnsAnswer } from './dns-answer.js';

/** What a network's DNS says about its NAT64. */
interface Discovered {
  readonly prefixes: readonly Nat64Prefix[];
  /** ms, as `performance.now` */
  readonly freshUntil: number;
}

/** How long a negative or missing answer is cached, in ms. */
const NONE_AGE = 60_000;
const UNKNOWN_AGE = 10_000;

/** The bounds of a time to live, in ms. */
const LEAST_AGE = 10_000;
const MOST_AGE = 86_400_000;

/** The most networks whose prefixes are cached. */
const NETWORKS = 100;

/**
 * Discovers the NAT64 prefixes of each network, and queries again when they have expired. Until the answer arrives, the previous
 * prefixes count.
 *
 * @param ask queries the network's own DNS for the addresses of `ipv4only.arpa`
 * @see {@link https://www.rfc-editor.org/rfc/rfc7050#section-3 RFC 7050 section 3}
 */
export class Nat64Discovery {
  readonly #known = new Map<string, Discovered>();
  readonly #underWay = new Map<string, Observable<readonly Nat64Prefix[]>>();

  constructor(
    private readonly ask: () => Observable<Pick<DnsAnswer<string>, 'data' | 'ttl'>>,
    private readonly network: () => string,
    private readonly now: () => number,
  ) {}

  /** The prefixes known now. */
  get prefixes(): readonly Nat64Prefix[] {
    return this.#known.size === 0 ? NO_PREFIXES : (this.#known.get(this.network())?.prefixes ?? NO_PREFIXES);
  }

  /** Emits the prefixes once they are known, and completes. */
  readonly prefixes$: Observable<readonly Nat64Prefix[]> = defer(() => {
    const network = this.network();
    const known = this.#known.get(network);
    if (known && known.freshUntil > this.now()) return of(known.prefixes);
    const asked$ = this.#underWay.get(network) ?? this.begin(network);
    if (!known || known.prefixes.length === 0) return asked$;
    asked$.subscribe();
    return of(known.prefixes);
  });

  private begin(network: string): Observable<readonly Nat64Prefix[]> {
    const asked$ = defer(this.ask).pipe(
      map(({ data, ttl = 0 }) => this.learn(network, nat64Prefixes(data), ttl * 1000)),
      catchError((error: Error) => {
        const isNone = NOTHING_THERE.has(errorCode(error) ?? '');
        if (!isNone) debug('whether this network has NAT64 is not known: %s', error.message);
        const before = this.#known.get(network)?.prefixes ?? NO_PREFIXES;
        return of(this.learn(network, isNone ? NO_PREFIXES : before, 0, isNone ? NONE_AGE : UNKNOWN_AGE));
      }),
      share({ resetOnRefCountZero: true }),
    );
    this.#underWay.set(network, asked$);
    return asked$;
  }

  private learn(network: string, prefixes: readonly Nat64Prefix[], ttl: number, age?: number): readonly Nat64Prefix[] {
    const holds = age ?? (prefixes.length === 0 ? NONE_AGE : Math.min(Math.max(ttl, LEAST_AGE), MOST_AGE));
    if (this.#known.size >= NETWORKS) this.#known.clear();
    this.#known.set(network, { prefixes, freshUntil: this.now() + holds });
    this.#underWay.delete(network);
    hasTranslation(network, prefixes.length > 0);
    return prefixes;
  }
}

const NO_PREFIXES: readonly Nat64Prefix[] = [];

/** The discovery of this machine. The code for DNS messages is loaded on first use. */
const discovery = new Nat64Discovery(
  () => from(import('./ipv4-only.js')).pipe(mergeMap(({ askIpv4Only }) => askIpv4Only())),
  currentNetwork,
  () => performance.now(),
);

/** The known prefixes of this machine's network. */
export const knownPrefixes = (): readonly Nat64Prefix[] => discovery.prefixes;

/**
 * Emits the prefixes of this machine's network once they are known. Returns `undefined` unless IPv6 has a route and IPv4 has
 * none, because otherwise there is nothing to wait for.
 */
export function networkPrefixes(): Observable<readonly Nat64Prefix[]> | undefined {
  const routed = currentlyRouted();
  return routed.includes(6) && !routed.includes(4) ? discovery.prefixes$ : undefined;
}

/** Whether this machine reaches an address without NAT64. */
export function hasRoute(address: Address): boolean {
  return currentSources([address])[0] !== undefined;
}
