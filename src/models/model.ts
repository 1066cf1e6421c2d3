import type { Address, Family } from '../core/address/address.js';

// One vocabulary for what a network does and what a client makes of it, so that clients can be compared on the same network.
// All times are in ms. `Infinity` means never.

/** A network as a client meets it: what the name resolves to, and what becomes of a connection to each address. */
export interface ModelledNetwork {
  /** Default `host.example`. */
  readonly host?: string;
  /** Default 443. */
  readonly port?: number;
  /** An answer that is absent is negative, and comes at once. */
  readonly answers: { readonly AAAA?: ModelledAnswer; readonly A?: ModelledAnswer };
  /** All addresses as the system sorts them (RFC 6724), for clients that ask it; default: those of AAAA, then those of A. */
  readonly order?: readonly string[];
  /** By canonical address; default `{ type: 'silent' }`. */
  readonly fates: Readonly<Record<string, Fate>>;
}

/** The answer to one query. Without addresses it is negative. */
export interface ModelledAnswer {
  /** When it comes, counted from the question. */
  readonly at: number;
  readonly addresses: readonly string[];
  /** Why it is negative; default `ENOTFOUND`. */
  readonly code?: string;
}

/** What becomes of a connection to an address. `after` counts from the first packet. */
export type Fate =
  | { readonly type: 'connects'; readonly after: number; readonly tls?: Handshake }
  | { readonly type: 'fails'; readonly after: number; readonly code: string }
  /** Packets get no answer: only the system's own timeout ends it. */
  | { readonly type: 'silent' }
  /** Was watched for `during` ms, in which nothing happened: what would have followed is unknown. */
  | { readonly type: 'unknown'; readonly during: number };

/** What becomes of a TLS handshake. `after` counts from the TCP connection. Absent: the client does not speak TLS. */
export type Handshake =
  | { readonly type: 'completes'; readonly after: number }
  | { readonly type: 'fails'; readonly after: number; readonly code: string }
  | { readonly type: 'stalls' }
  | { readonly type: 'unknown'; readonly during: number };

/** A client, as it would act on any network. */
export interface ModelledClient {
  /** As people call it: `Node 20`, `curl 7.88`. */
  readonly name: string;
  /** How it goes through the addresses, in a few words. */
  readonly manner: string;
  readonly run: (network: ModelledNetwork) => ModelledResult;
}

/** What a client makes of a network. */
export interface ModelledResult {
  /** In the order of their starts. */
  readonly attempts: readonly ModelledAttempt[];
  /** The attempt that connected, TLS included. */
  readonly winner?: ModelledAttempt;
  /** When its user hears of a connection or of an error; `Infinity`: never. */
  readonly endedAt: number;
  /** Where nothing connected and it ended. */
  readonly error?: ModelledError;
  /** False where it depends on something unknown: then unknown attempts were taken for silent ones. */
  readonly certain: boolean;
}

/** An attempt of a client. */
export interface ModelledAttempt extends Address {
  readonly startedAt: number;
  /** When TCP was up, where a handshake followed. */
  readonly progressedAt?: number;
  /** `Infinity` for one that stays open. */
  readonly endedAt: number;
  /**
   * - `connected`: it won
   * - `failed`: by itself, with `code`
   * - `aborted`: the client gave it up after a time of its own choice, and went on without it
   * - `cancelled`: another attempt won, or the client gave up as a whole
   * - `open`: nothing ever ends it
   */
  readonly outcome: 'connected' | 'failed' | 'aborted' | 'cancelled' | 'open';
  readonly code?: string;
}

/** An error as the client's user sees it. */
export interface ModelledError {
  /** The class, such as `AggregateError`; absent where the client has none. */
  readonly name?: string;
  readonly code?: string;
  /** May be empty. */
  readonly message: string;
}

/** ms after which Linux gives up on a silent address; `tcp_syn_retries` 6: 1 + 2 + 4 + 8 + 16 + 32 + 64 seconds. */
export const LINUX_CONNECT_TIMEOUT = 127_000;

/** What a network does where it says nothing else. */
export const DEFAULT_HOST = 'host.example';
export const DEFAULT_PORT = 443;

/** What becomes of a connection to the address. */
export function fateOf({ fates }: ModelledNetwork, address: string): Fate {
  return Object.hasOwn(fates, address) ? fates[address]! : { type: 'silent' };
}

/** The answer for a family: the one of the network, or a negative one at once. */
export function answerOf({ answers }: ModelledNetwork, family: Family): ModelledAnswer {
  return answers[family === 6 ? 'AAAA' : 'A'] ?? { at: 0, addresses: [] };
}

/**
 * One attempt with as much time as it is given, as if it were alone.
 *
 * What ends at the very instant of a limit has ended in time.
 *
 * @param limit ms that its client grants; `Infinity`: as many as it takes
 * @param systemTimeout ms after which the system gives up on a silent address
 * @returns `certain` false where a fate is unknown and the attempt was taken for a silent one
 */
export function attempt(
  address: Address,
  startedAt: number,
  fate: Fate,
  { limit = Infinity, systemTimeout = Infinity }: { readonly limit?: number; readonly systemTimeout?: number } = {},
): { readonly attempt: ModelledAttempt; readonly certain: boolean } {
  const { after, ...ending } = tcpEnding(fate, systemTimeout);
  const certain = fate.type !== 'unknown' || fate.during >= limit;
  const begun = { ...address, startedAt };
  if (after > limit) return { attempt: { ...begun, ...endingAt(startedAt + limit, 'aborted') }, certain };
  if (ending.outcome !== 'connected' || fate.type !== 'connects' || fate.tls === undefined) {
    return { attempt: { ...begun, ...endingAt(startedAt + after, ending.outcome, ending.code) }, certain };
  }
  const progressedAt = startedAt + after;
  const handshake = tlsEnding(fate.tls);
  const rest = limit - after;
  const end =
    handshake.after > rest
      ? endingAt(startedAt + limit, 'aborted')
      : endingAt(progressedAt + handshake.after, handshake.outcome, handshake.code);
  return {
    attempt: { ...begun, progressedAt, ...end },
    certain: fate.tls.type !== 'unknown' || fate.tls.during >= rest,
  };
}

type Ending = Pick<ModelledAttempt, 'outcome' | 'code'>;

function tcpEnding(fate: Fate, systemTimeout: number): Ending & { readonly after: number } {
  switch (fate.type) {
    case 'connects':
      return { after: fate.after, outcome: 'connected' };
    case 'fails':
      return { after: fate.after, outcome: 'failed', code: fate.code };
    case 'silent':
    case 'unknown':
      if (systemTimeout === Infinity) return { after: Infinity, outcome: 'open' };
      return { after: systemTimeout, outcome: 'failed', code: 'ETIMEDOUT' };
  }
}

function tlsEnding(handshake: Handshake): Ending & { readonly after: number } {
  switch (handshake.type) {
    case 'completes':
      return { after: handshake.after, outcome: 'connected' };
    case 'fails':
      return { after: handshake.after, outcome: 'failed', code: handshake.code };
    case 'stalls':
    case 'unknown':
      return { after: Infinity, outcome: 'open' };
  }
}

function endingAt(endedAt: number, outcome: ModelledAttempt['outcome'], code?: string) {
  return { endedAt, outcome, ...(code !== undefined && { code }) };
}
