import type { Address, Family } from '../address/address.js';
import type { Endpoint, Service } from './endpoint.js';
import type { KnownEndpoint, Translation } from './known-endpoints.js';

/** A name and port that offer the service. */
export interface Offer {
  readonly target: string;
  readonly port: number;
  readonly hints: readonly Address[];
  /** Absent for the host itself, without records. */
  readonly service?: Service;
  readonly hinted?: Service;
}

/** A name whose addresses the race looks up. */
export class TargetName {
  /** Their ports are placeholders. */
  known: readonly KnownEndpoint[] = [];
  /** Families with any answer. */
  readonly heard = new Set<Family>();
  /** Families with an answer that did not consist of suspect addresses only. */
  readonly answered = new Set<Family>();
  /** Families with a conclusive answer. A failed query neither confirms nor refutes hints. */
  readonly confirmed = new Set<Family>();
  isAsked = false;
  hasEnded = false;
}

/** How groups are formed. */
interface GroupTerms {
  readonly hints: 'untilAnswered' | 'lastResort';
  readonly translation?: Translation;
}

/**
 * The endpoints of a race with service records, in groups that are sorted separately: one group per offer, best first, and with
 * `lastResort` one for refuted hints. No endpoint is in two groups.
 *
 * @see HEv3, "Grouping By Service Priority"
 */
export class ServiceGroups {
  /** The present groups. */
  current: readonly (readonly Endpoint[])[] = [];
  private readonly begun = new Map<string, Endpoint>();
  private kept = new Map<string, Endpoint>();

  /** @param names the targets of offers, filled in as the race goes on */
  constructor(
    private readonly terms: GroupTerms,
    private readonly names: ReadonlyMap<string, TargetName>,
  ) {}

  /** Records that an attempt on this endpoint has begun. Its object no longer changes. */
  start(endpoint: Endpoint): void {
    this.begun.set(keyOf(endpoint), endpoint);
  }

  /** Rebuilds the groups. Unchanged endpoints keep their object identity. Returns whether anything changed. */
  regroup(offers: readonly Offer[]): boolean {
    const before = this.current;
    const seen = new Map<string, Endpoint>();
    const groups = offers.map((offer) => this.endpointsOf(offer, seen));
    if (this.terms.hints === 'lastResort') groups.push(offers.flatMap((offer) => this.unconfirmed(offer, seen)));
    this.current = groups.filter((group) => group.length > 0);
    this.kept = seen;
    return !isSame(before, this.current);
  }

  private endpointsOf({ target, port, hints, service, hinted }: Offer, seen: Map<string, Endpoint>): readonly Endpoint[] {
    const name = this.names.get(target);
    const real = (name?.known ?? []).map(({ endpoint }) => endpoint);
    // A started endpoint keeps its place, because the family of the next one depends on it.
    const isOpen = (place: Place) => !name?.confirmed.has(place.family) || this.begun.has(keyOf(place));
    const add = (protocol: 'quic' | undefined) => [
      ...hints
        .flatMap((hint) => this.translated(hint))
        .map((address): Place => ({ ...address, port, protocol }))
        .filter(isOpen)
        .flatMap((place) => this.keep(place, hinted, seen)),
      ...real.flatMap((address) => this.keep({ ...address, port, protocol }, service, seen)),
    ];
    return transportsOf(service).flatMap(add);
  }

  private unconfirmed({ target, port, hints, service, hinted }: Offer, seen: Map<string, Endpoint>): readonly Endpoint[] {
    const name = this.names.get(target);
    const denied = hints.filter((hint) => name?.confirmed.has(hint.family)).flatMap((hint) => this.translated(hint));
    return transportsOf(service).flatMap((protocol) =>
      denied.flatMap((address) => this.keep({ ...address, port, protocol }, hinted, seen)),
    );
  }

  private translated(hint: Address): readonly (Address & Pick<Endpoint, 'via'>)[] {
    return this.terms.translation?.(hint) ?? [hint];
  }

  /** The endpoint's object, once per rebuild: the started one, the previous one, or a new one. */
  private keep(endpoint: Place, service: Service | undefined, seen: Map<string, Endpoint>): readonly Endpoint[] {
    const { protocol, ...place } = endpoint;
    const made: Endpoint = { ...place, ...(protocol && { protocol }), ...(service && { service }) };
    const key = keyOf(made);
    if (seen.has(key)) return [];
    const before = this.kept.get(key);
    const kept = this.begun.get(key) ?? (before?.service === service ? before : undefined) ?? made;
    seen.set(key, kept);
    return [kept];
  }
}

/** An endpoint without its record. */
type Place = Omit<Endpoint, 'service'>;

/** The transports for the protocols of a record, QUIC first; `undefined` is TCP. */
function transportsOf(service: Service | undefined): readonly ('quic' | undefined)[] {
  const speaks = service?.alpn ?? [];
  const isQuic = speaks.some(isHttp3);
  const isTcp = speaks.length === 0 || !speaks.every(isHttp3);
  return [...(isQuic ? (['quic'] as const) : []), ...(isTcp ? [undefined] : [])];
}

function isHttp3(protocol: string): boolean {
  return /^h3(?:-|$)/.test(protocol);
}

function keyOf({ address, port, protocol = 'tcp', via = '' }: Endpoint): string {
  return `${protocol} ${address} ${port} ${via}`;
}

function isSame(before: readonly (readonly Endpoint[])[], after: readonly (readonly Endpoint[])[]): boolean {
  return (
    before.length === after.length &&
    before.every((group, index) => {
      const other = after[index]!;
      return group.length === other.length && group.every((endpoint, place) => endpoint === other[place]);
    })
  );
}
