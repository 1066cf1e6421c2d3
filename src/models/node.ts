import { FAMILIES, type Address } from '../core/address/address.js';
import { NOTHING_THERE } from '../core/error-tools.js';
import { alternated, bothAnswered } from './in-order.js';
import {
  answerOf,
  attempt,
  DEFAULT_HOST,
  DEFAULT_PORT,
  fateOf,
  LINUX_CONNECT_TIMEOUT,
  type ModelledAttempt,
  type ModelledClient,
  type ModelledError,
  type ModelledNetwork,
  type ModelledResult,
} from './model.js';
import { nothingThere } from './nothing-there.js';

/** What differs between the versions of Node, and between systems. */
export interface NodeOptions {
  /** ms: `net.getDefaultAutoSelectFamilyAttemptTimeout()`. */
  readonly attemptTimeout: number;
  /** ms after which the system gives up on a silent address; default 127,000, Linux's with `tcp_syn_retries` 6. */
  readonly systemTimeout?: number;
}

/**
 * Node alone: `net.connect` with `autoSelectFamily`, as `tls`, `http`, `https` and most libraries use it.
 *
 *     look-up of both families ─► 1st address ── attemptTimeout ─► aborted
 *                                                                  2nd address ── attemptTimeout ─► aborted
 *                                                                                                   last address ──► …
 *
 * It asks `getaddrinfo` for both families and waits for both answers, alternates the families beginning with that of the first
 * address, and tries one address at a time. It aborts each but the last after `attemptTimeout`, however near the connection may
 * be; nothing but the system's own timeout ends the last. TLS comes after the choice: a handshake that stalls or fails ends it.
 */
export function nodeAlone(name: string, { attemptTimeout, systemTimeout = LINUX_CONNECT_TIMEOUT }: NodeOptions): ModelledClient {
  return {
    name,
    manner: `one at a time, each but the last cut off after ${attemptTimeout} ms`,
    run(network) {
      const resolvedAt = bothAnswered(network);
      const addresses = alternated(network);
      if (resolvedAt === Infinity || addresses.length === 0) return nothingThere(resolvedAt, lookUpError(network));
      return tryEach(addresses, network, resolvedAt, attemptTimeout, systemTimeout);
    },
  };
}

export const node20 = nodeAlone('Node 20', { attemptTimeout: 250 });
export const node26 = nodeAlone('Node 26', { attemptTimeout: 500 });

function tryEach(
  addresses: readonly Address[],
  network: ModelledNetwork,
  resolvedAt: number,
  attemptTimeout: number,
  systemTimeout: number,
): ModelledResult {
  const attempts: ModelledAttempt[] = [];
  let at = resolvedAt;
  let certain = true;
  for (const address of addresses) {
    const isLast = attempts.length === addresses.length - 1;
    const fate = fateOf(network, address.address);
    const tcp = attempt(address, at, fate.type === 'connects' ? { type: 'connects', after: fate.after } : fate, {
      limit: isLast ? Infinity : attemptTimeout,
      systemTimeout,
    });
    certain &&= tcp.certain;
    if (tcp.attempt.outcome === 'connected') return secured(attempts, attempt(address, at, fate), certain, network);
    attempts.push(tcp.attempt);
    at = tcp.attempt.endedAt;
  }
  return { attempts, endedAt: at, ...(at < Infinity && { error: attemptsError(attempts, network) }), certain };
}

/** TCP is up: whatever becomes of TLS is the end. */
function secured(
  before: readonly ModelledAttempt[],
  last: { readonly attempt: ModelledAttempt; readonly certain: boolean },
  certainBefore: boolean,
  network: ModelledNetwork,
): ModelledResult {
  const { attempt: chosen } = last;
  const attempts = [...before, chosen];
  const { endedAt, outcome } = chosen;
  const certain = certainBefore && last.certain;
  if (outcome === 'connected') return { attempts, winner: chosen, endedAt, certain };
  if (outcome === 'failed') return { attempts, endedAt, error: singleError(chosen, network), certain };
  return { attempts, endedAt, certain };
}

function lookUpError(network: ModelledNetwork): ModelledError {
  const { host = DEFAULT_HOST } = network;
  const codes = FAMILIES.map((family) => answerOf(network, family).code ?? 'ENOTFOUND');
  // `getaddrinfo` tells a name without addresses from a server that fails, and no more.
  const code = codes.every((one) => NOTHING_THERE.has(one)) ? 'ENOTFOUND' : 'EAI_AGAIN';
  return { name: 'Error', code, message: `getaddrinfo ${code} ${host}` };
}

/** One address has an error of its own; of several, Node makes an AggregateError without a message. */
function attemptsError(attempts: readonly ModelledAttempt[], network: ModelledNetwork): ModelledError {
  if (attempts.length === 1) return singleError(attempts[0]!, network);
  const [{ outcome, code }] = attempts as [ModelledAttempt];
  return { name: 'AggregateError', code: outcome === 'aborted' ? 'ETIMEDOUT' : code!, message: '' };
}

function singleError({ address, code = 'ETIMEDOUT', progressedAt }: ModelledAttempt, network: ModelledNetwork): ModelledError {
  const { port = DEFAULT_PORT } = network;
  return { name: 'Error', code, message: progressedAt === undefined ? `connect ${code} ${address}:${port}` : code };
}
