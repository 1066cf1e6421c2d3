import { parseAddress, type Family } from '../../src/core/address/address.js';

/** What a query is answered with, if it is. */
export type AnswerKind = 'addresses' | 'nodata' | 'nxdomain' | 'servfail' | 'never';

/** The answer to one query for addresses. */
export interface AnswerState {
  readonly kind: AnswerKind;
  /** ms after the question. */
  readonly after: number;
  readonly addresses: readonly string[];
}

/** The answer to the query for HTTPS records; `off`: the race does not ask. */
export interface RecordState {
  readonly kind: 'off' | 'record' | 'nodata' | 'never';
  /** ms after the question. */
  readonly after: number;
  /** The name that the record leads to; `.`: the host itself. */
  readonly target: string;
  readonly port: number;
  /** Whether the record has the addresses of its target as hints. */
  readonly hints: boolean;
}

/** What becomes of a connection to an address. */
export type FateKind = 'connects' | 'silent' | 'refuses' | 'icmp' | 'stalls' | 'breaks';

export interface PlaceState {
  readonly kind: FateKind;
  /** ms of a round trip: until an answer to the first packet. */
  readonly after: number;
  /** Of a connection that breaks: bytes after which everything is lost. */
  readonly bytes: number;
}

/** Options of the race, under the package's names. */
export interface OptionsState {
  readonly connectionAttemptDelay: number;
  readonly connectionAttemptDelayMultiplier: number;
  readonly resolutionDelay: number;
  readonly firstAddressFamilyCount: number;
  readonly maxConcurrentAttempts: number;
  readonly connectTimeout: number;
  readonly preferFamily: 0 | Family;
  readonly interleave: boolean;
  readonly enabled: boolean;
}

/** All that the page shows follows from this. */
export interface State {
  readonly aaaa: AnswerState;
  readonly a: AnswerState;
  readonly https: RecordState;
  /** By canonical address; one that is not there is {@link DEFAULT_PLACE}. */
  readonly places: Readonly<Record<string, PlaceState>>;
  /** Whether the race is for a TLS handshake that is done. */
  readonly tls: boolean;
  /** Whether the network has IPv6 alone, and reaches IPv4 by NAT64. */
  readonly nat64: boolean;
  readonly options: OptionsState;
}

export const HOST = 'www.example.com';
export const PORT = 443;

/** The well-known prefix of NAT64: RFC 6052 section 2.1. */
export const NAT64_PREFIX = '64:ff9b::/96';

/** Bytes that a TLS handshake takes, both directions together: what a server with two certificates sends, and little more. */
export const HANDSHAKE_BYTES = 5000;

export const DEFAULT_PLACE: PlaceState = { kind: 'connects', after: 40, bytes: 0 };

export const DEFAULT_OPTIONS: OptionsState = {
  connectionAttemptDelay: 250,
  connectionAttemptDelayMultiplier: 1,
  resolutionDelay: 50,
  firstAddressFamilyCount: 1,
  maxConcurrentAttempts: 8,
  connectTimeout: 10_000,
  preferFamily: 0,
  interleave: true,
  enabled: true,
};

/** From where to where each number goes, and by which steps. */
export const RANGES = {
  after: { min: 0, max: 2000, step: 5 },
  bytes: { min: 0, max: 20_000, step: 500 },
  connectionAttemptDelay: { min: 10, max: 2000, step: 10 },
  connectionAttemptDelayMultiplier: { min: 1, max: 4, step: 0.5 },
  resolutionDelay: { min: 0, max: 500, step: 5 },
  firstAddressFamilyCount: { min: 1, max: 4, step: 1 },
  maxConcurrentAttempts: { min: 1, max: 20, step: 1 },
  connectTimeout: { min: 100, max: 30_000, step: 100 },
} as const;

/** Addresses of one answer. */
export const MOST_ADDRESSES = 16;

export const ANSWER_KINDS: readonly AnswerKind[] = ['addresses', 'nodata', 'nxdomain', 'servfail', 'never'];
export const RECORD_KINDS: readonly RecordState['kind'][] = ['off', 'record', 'nodata', 'never'];
export const FATE_KINDS: readonly FateKind[] = ['connects', 'silent', 'refuses', 'icmp', 'stalls', 'breaks'];

/** A state from what differs from the usual: both answers soon, and every address connects. */
export function stateWith(
  addresses: Readonly<Record<string, Partial<PlaceState>>>,
  { aaaa = {}, a = {}, https = {}, options = {}, ...others }: Changes = {},
): State {
  const places = Object.fromEntries(
    Object.entries(addresses).map(([text, place]) => [canonical(text), { ...DEFAULT_PLACE, ...place }]),
  );
  const of = (family: Family) => Object.keys(places).filter((text) => parseAddress(text)?.family === family);
  const answer = (family: Family, given: Partial<AnswerState>): AnswerState => {
    const own = given.addresses ?? of(family);
    return { kind: own.length > 0 ? 'addresses' : 'nodata', after: family === 6 ? 10 : 15, ...given, addresses: own };
  };
  return {
    aaaa: answer(6, aaaa),
    a: answer(4, a),
    https: { kind: 'off', after: 12, target: 'svc.example.net', port: 8443, hints: true, ...https },
    places,
    tls: false,
    nat64: false,
    ...others,
    options: { ...DEFAULT_OPTIONS, ...options },
  };
}

/** What may differ from the usual. */
export interface Changes extends Partial<Pick<State, 'tls' | 'nat64'>> {
  readonly aaaa?: Partial<AnswerState>;
  readonly a?: Partial<AnswerState>;
  readonly https?: Partial<RecordState>;
  readonly options?: Partial<OptionsState>;
}

/** The addresses that a race may come to know, each once: those of positive answers. */
export function addressesOf({ aaaa, a }: State): readonly string[] {
  return [...new Set([aaaa, a].flatMap(({ kind, addresses }) => (kind === 'addresses' ? addresses : [])))];
}

export function placeOf({ places }: State, address: string): PlaceState {
  return Object.hasOwn(places, address) ? places[address]! : DEFAULT_PLACE;
}

/** An address as it is compared; what is none stays as it is. */
export function canonical(text: string): string {
  return parseAddress(text)?.address ?? text;
}
