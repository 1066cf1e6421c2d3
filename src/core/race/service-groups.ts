import type { Address, Family } from '../address/address.js';
import type { Endpoint, Service } from './endpoint.js';
import type { KnownEndpoint, Translation } from './known-endpoints.js';

/** A place where a service is to be had. */
export interface Offer {
  readonly target: string;
  readonly port: number;
  readonly hints: readonly Address[];
  /** Absent for the host without records. */
  readonly service?: Service;
  readonly hinted?: Service;
}

/** A name whose addresses are, or will be, known. */
export class TargetName {
  /** Their ports are not those of endpoints. */
  known: readonly KnownEndpoint[] = [];
  /** Families of which something has been heard, */
  readonly heard = new Set<Family>();
  /** and not suspect addresses alone, */
  readonly answered = new Set<Family>();
  /** and what addresses there are: a query that failed says nothing of hints. */
  readonly confirmed = new Set<Family>();
  isAsked = false;
  hasEnded = false;
}

/** What is wanted of the groups. */
interface GroupTerms {
  readonly hints: 'untilAnswered' | 'lastResort';
  readonly translation?: Translation;
}

/**
 * The endpoints of a race that goes by service records, in the groups in which they are sorted: one for each offer, best first,
 * and with `lastResort` one for the hints that were denied. None stands in two groups.
 *
 * @see HEv3, "Grouping By Service Priority"
 */
export class ServiceGroups {
  /** The groups as they were put together last. */
  current: readonly (readonly Endpoint[])[] = [];
  private readonly begun = new Map<string, Endpoint>();
  private kept = new Map<string, Endpoint>();

  /** @param names by which offers are resolved; filled in as the race goes on */
  constructor(
    private readonly terms: GroupTerms,
    private readonly names: ReadonlyMap<string, TargetName>,
  ) {}

  /** An attempt on this endpoint has begun: it stays as it is, whatever is learnt of it. */
  start(endpoint: Endpoint): void {
    this.begun.set(keyOf(endpoint), endpoint);
  }

  /** Puts the endpoints together anew; those that have not changed stay the objects that they were. Returns whether any has. */
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
    // What has been begun keeps its place, so that the family of the next follows from it.
    const isOpen = (place: Place) => !name?.confirmed.has(place.family) || this.begun.has(keyOf(place));
    const add = (protocol: 'quic' | undefined) => [
      ...hints
        .flatMap((hint) => this.translated(hint))
        .map((address): Place => ({ ...address, port, protocol }))
        .filter(isOpen)
        .flatMap((place) => this.keep(place, hinted, seen)),
      ...real.flatMap((address) => this.keep({ ...address, port, protocol }, service, seen)),
    ];
    const speaks = service?.alpn ?? [];
    const isQuic = speaks.some(isHttp3);
    const isTcp = speaks.length === 0 || !speaks.every(isHttp3);
    return [...(isQuic ? add('quic') : []), ...(isTcp ? add(undefined) : [])];
  }

  private unconfirmed({ target, port, hints, hinted }: Offer, seen: Map<string, Endpoint>): readonly Endpoint[] {
    const name = this.names.get(target);
    const denied = hints.filter((hint) => name?.confirmed.has(hint.family)).flatMap((hint) => this.translated(hint));
    return denied.flatMap((address) => this.keep({ ...address, port }, hinted, seen));
  }

  private translated(hint: Address): readonly (Address & Pick<Endpoint, 'via'>)[] {
    return this.terms.translation?.(hint) ?? [hint];
  }

  /** The endpoint, once: as it was begun, or as it was before, or a new one. */
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

/** An endpoint before it is known by which record it was found. */
type Place = Omit<Endpoint, 'service'>;

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
