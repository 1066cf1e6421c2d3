import type { Observable } from 'rxjs';
import { translation, parseNat64Prefix } from '../../src/core/address/nat64.js';
import { parseAddress } from '../../src/core/address/address.js';
import type { RaceEvent } from '../../src/core/race/events.js';
import type * as core from '../../src/portable/index.js';
import {
  addressesOf,
  DEFAULT_OPTIONS,
  HANDSHAKE_BYTES,
  HOST,
  NAT64_PREFIX,
  placeOf,
  PORT,
  type AnswerState,
  type PlaceState,
  type RecordState,
  type State,
} from './state.js';

/** How the testing kit's functions are called: to make what they make, or to write the calls down. */
export type Kit<Fate, Reply> = FateKit<Fate> & ReplyKit<Reply>;

interface FateKit<Fate> {
  readonly connects: (after: number) => Fate;
  readonly thenTls: (connection: Fate, handshake: number | Fate) => Fate;
  readonly losesAfter: (connection: Fate, bytes: number) => Fate;
  readonly refuses: (after: number) => Fate;
  readonly fails: (after: number, code: string) => Fate;
  readonly hangs: () => Fate;
}

interface ReplyKit<Reply> {
  readonly after: (ms: number, reply: Reply) => Reply;
  readonly addresses: (list: readonly string[]) => Reply;
  readonly service: (target: string, parameters: ServiceParameters) => Reply;
  readonly nodata: () => Reply;
  readonly nxdomain: () => Reply;
  readonly servfail: () => Reply;
  readonly lost: () => Reply;
}

export interface ServiceParameters {
  readonly port: number;
  readonly alpn: readonly string[];
  readonly ipv6hint?: readonly string[];
  readonly ipv4hint?: readonly string[];
}

/** A state in the testing kit's words. */
export interface Described<Fate, Reply> {
  readonly dns: { readonly AAAA: Reply; readonly A: Reply; readonly HTTPS?: Reply };
  readonly endpoints: Readonly<Record<string, Fate>>;
  /** Options of the race that are not as usual. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** Says in a testing kit's words what a state is. */
export function describeState<Fate, Reply>(state: State, kit: Kit<Fate, Reply>): Described<Fate, Reply> {
  const { aaaa, a, https, nat64, options } = state;
  const endpoints = addressesOf(state).flatMap((address): [string, Fate][] => {
    const fate = fateOf(placeOf(state, address), state.tls, kit);
    if (!nat64 || !isIPv4(address)) return [[address, fate]];
    // There is no way to it but by NAT64.
    return [
      [address, kit.fails(0, 'ENETUNREACH')],
      [synthesized(address), fate],
    ];
  });
  const changed = Object.entries(options).filter(([name, value]) => value !== DEFAULT_OPTIONS[name as keyof typeof options]);
  return {
    dns: {
      AAAA: replyOf(aaaa, kit),
      A: replyOf(a, kit),
      ...(https.kind !== 'off' && { HTTPS: recordOf(https, state, kit) }),
    },
    endpoints: Object.fromEntries(endpoints),
    options: {
      ...Object.fromEntries(changed),
      ...(https.kind !== 'off' && { serviceRecords: { scheme: 'https', alpn: ['h2', 'http/1.1'] } }),
      ...(nat64 && { nat64: { prefixes: [NAT64_PREFIX] } }),
    },
  };
}

function isIPv4(address: string): boolean {
  return parseAddress(address)?.family === 4;
}

const translate = translation({ prefixes: () => [parseNat64Prefix(NAT64_PREFIX)!], hasRoute: () => false });

/** The IPv6 address by which NAT64 reaches an IPv4 address. */
export function synthesized(address: string): string {
  return translate(parseAddress(address)!)?.[0]?.via ?? address;
}

function fateOf<Fate>({ kind, after, bytes }: PlaceState, tls: boolean, kit: FateKit<Fate>): Fate {
  const secured = (connection: Fate) => (tls ? kit.thenTls(connection, after) : connection);
  switch (kind) {
    case 'connects':
      return secured(kit.connects(after));
    case 'silent':
      return kit.hangs();
    case 'refuses':
      return kit.refuses(after);
    case 'icmp':
      return kit.fails(after, 'EHOSTUNREACH');
    case 'stalls':
      return tls ? kit.thenTls(kit.connects(after), kit.hangs()) : kit.connects(after);
    case 'breaks':
      return tls && bytes < HANDSHAKE_BYTES
        ? kit.thenTls(kit.connects(after), kit.hangs())
        : kit.losesAfter(secured(kit.connects(after)), bytes);
  }
}

function replyOf<Reply>({ kind, after, addresses }: AnswerState, kit: ReplyKit<Reply>): Reply {
  if (kind === 'never') return kit.lost();
  const reply =
    kind === 'addresses' && addresses.length > 0 ? kit.addresses(addresses) : kit[kind === 'addresses' ? 'nodata' : kind]();
  return after === 0 ? reply : kit.after(after, reply);
}

function recordOf<Reply>({ kind, after, target, port, hints }: RecordState, state: State, kit: ReplyKit<Reply>): Reply {
  if (kind === 'never') return kit.lost();
  if (kind !== 'record') return kit.after(after, kit.nodata());
  const addresses = hints ? addressesOf(state) : [];
  const [six, four] = [false, true].map((wanted) => addresses.filter((address) => isIPv4(address) === wanted));
  const parameters = {
    alpn: ['h2'],
    port,
    ...(six!.length > 0 && { ipv6hint: six }),
    ...(four!.length > 0 && { ipv4hint: four }),
  };
  return kit.after(after, kit.service(target, parameters));
}

/** The functions of a testing kit that a simulation needs: `rx-happy-eyeballs/core` and `/testing` both have them. */
export type TestingKit = Pick<
  typeof core,
  | 'after'
  | 'connects'
  | 'fails'
  | 'hangs'
  | 'lost'
  | 'nodata'
  | 'nxdomain'
  | 'refuses'
  | 'servfail'
  | 'service'
  | 'virtualNetwork'
>;

/** A race over the network of a state. */
type Racing = (host: string, port: number, options: core.PortableRaceOptions<core.PlainConnection>) => Observable<RaceEvent>;

/** What came of a state. */
export interface Simulation {
  readonly events: readonly RaceEvent[];
  /** What the race ended with, where there is no winner. */
  readonly error?: Error;
  /** When it was over, in ms. */
  readonly finish: number;
  /** The attempts as marbles, by the address that was dialled. */
  readonly marbles: Readonly<Record<string, readonly string[]>>;
}

/** Runs a state's race in virtual time. */
export function simulate(state: State, { race, kit }: { readonly race: Racing; readonly kit: TestingKit }): Simulation {
  const { dns, endpoints, options } = describeState(state, makerOf(kit));
  const network = kit.virtualNetwork({ dns, endpoints });
  const { resolver, transport, scheduler, random } = network;
  const { values, error, finish = 0 } = network.run(race(HOST, PORT, { resolver, transport, scheduler, random, ...options }));
  return { events: values, finish, marbles: network.marbles(), ...(error !== undefined && { error: error as Error }) };
}

/** A kit whose calls make what they say. */
function makerOf(kit: TestingKit): Kit<never, never> {
  const made = {
    ...kit,
    thenTls: (connection: ReturnType<TestingKit['connects']>, handshake: number) => connection.thenTls(handshake),
    // What is sent over a connection is no affair of the race.
    losesAfter: (connection: unknown) => connection,
    addresses: (list: readonly string[]) => list,
  };
  return made as unknown as Kit<never, never>;
}
