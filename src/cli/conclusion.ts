import { formatDuration } from '../core/format-duration.js';
import {
  about,
  ERROR_WORDS,
  FARTHEST_FIRST,
  generalWords,
  wordsFor,
  type ErrorWords,
  type Failure,
  type Subject,
} from '../core/error-words.js';
import { formatDestination, formatEndpoint, type Endpoint } from '../core/race/endpoint.js';
import { errorCode, NOTHING_THERE, reasonOf, toError } from '../core/error-tools.js';
import type { ConnectionError } from '../core/race/connection-error.js';
import { printable } from '../core/input/printable.js';
import type { RaceResult } from './run-race.js';

/** Describes in one sentence how a race ended. If no address connected, a second one gives advice. */
export function conclusion({ outcome, winner, error, events }: RaceResult): string {
  if (winner) {
    const { tls } = winner;
    const secured = tls ? ` (${[tls.protocol, tls.alpn].filter(Boolean).join(', ')})` : '';
    return `${formatEndpoint(winner.endpoint)} won after ${formatDuration(winner.after)}${secured}. The others are closed.`;
  }
  if (outcome === 'cancelled') return 'Interrupted: the race was cancelled and everything is closed.';
  const stalled = events.some(({ type }) => type === 'progressed');
  return printable(`Could not connect to ${formatDestination(error!)}: ${why(error!, stalled)}`);
}

/** @param stalled whether TCP was up somewhere */
function why(error: ConnectionError, stalled: boolean): string {
  const { reason, code = 'no code', attempts } = error;
  switch (reason) {
    case 'resolution':
      return `the name ${NOTHING_THERE.has(code) ? 'has no address' : 'could not be looked up'} (${code}); ${lookUpAdvice(code)}`;
    case 'timeout':
      if (attempts.length === 0) return 'the look-up was not answered in time; does the DNS server answer?';
      if (stalled) return 'TCP connected, but no TLS handshake completed in time; does this port speak TLS?';
      if (attempts.some((attempt) => attempt.outcome === 'failed')) return differences(error);
      return `no address answered in time; a firewall may drop the packets (see rx-happy-eyeballs check ${formatDestination(error)}). Allow more time with --connect-timeout.`;
    case 'blocked':
      return `every address is blocked; ${ERROR_WORDS.ERR_IP_BLOCKED.advice}`;
    case 'attempts': {
      const kinds = new Set(attempts.map(({ error }) => error && said(error)));
      return kinds.size > 1 ? differences(error) : `${[...kinds][0]}; ${advice(toError(error.cause), code, error.host)}`;
    }
  }
}

/** The most kinds of failures that are named. */
const MOST_KINDS = 4;

/** What each address failed for, in the order of the attempts, and advice about the one that tells the most. */
function differences({ attempts, host }: ConnectionError): string {
  const kinds = new Map<string, Endpoint[]>();
  for (const { error, endpoint } of attempts) {
    const kind = error ? `failed (${said(error)})` : 'did not answer';
    kinds.set(kind, [...(kinds.get(kind) ?? []), endpoint]);
  }
  const shown = [...kinds].slice(0, MOST_KINDS).map(([kind, [first, ...others]]) => {
    return `${formatEndpoint(first!)}${others.length > 0 ? ` and ${others.length} more` : ''} ${kind}`;
  });
  const more = kinds.size > MOST_KINDS ? `, and ${kinds.size - MOST_KINDS} other reasons` : '';
  const errors = attempts.flatMap(({ error }) => error ?? []);
  const telling = errors.toSorted((a, b) => rank(a) - rank(b))[0];
  return `${shown.join(', ')}${more}; ${advice(toError(telling), errorCode(telling) ?? 'no code', host)}`;
}

/** The most telling first: an address with a bad certificate was reached. */
const TELLING: readonly (Subject | Failure)[] = ['certificate', 'handshake', ...FARTHEST_FIRST];

function rank(error: Error): number {
  const words = explained(errorCode(error) ?? '');
  const rank = TELLING.findIndex((kind) => kind === words?.subject || kind === words?.failure);
  return rank === -1 ? TELLING.length : rank;
}

/** A code of the DNS, or that of a connection to a DNS server. */
function lookUpAdvice(code: string): string {
  const words = wordsFor(code);
  return words?.subject === 'name' ? words.advice : ERROR_WORDS.EAI_AGAIN.advice;
}

/** The codes of certificates are told apart by few people. */
function said(error: Error): string {
  const code = errorCode(error) ?? '';
  return explained(code)?.subject === 'certificate' ? error.message : reasonOf(error);
}

/** What it means and what to do next, by the code of what failed. */
function advice(cause: Error, code: string, host: string): string {
  const [, zone] = host.split('%');
  const words = explained(code);
  if (!words || (code === 'EINVAL' && zone === undefined)) return `${cause.message}.`;
  // The message of a certificate has said what is wrong with it, and that of a handshake has.
  const isSaid = words.subject === 'certificate' || words.subject === 'handshake';
  return about(isSaid ? words.advice : `${words.meaning}: ${words.advice}`, zone ?? host);
}

function explained(code: string): ErrorWords | undefined {
  return wordsFor(code) ?? generalWords(code);
}
