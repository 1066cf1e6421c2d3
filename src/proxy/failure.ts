import { FARTHEST_FIRST, wordsFor, type Failure } from '../core/error-words.js';
import type { ConnectionError } from '../index.js';
import { REPLY } from './socks5.js';

/** The failures of attempts, the most telling first. */
const TELLING: readonly Failure[] = [...FARTHEST_FIRST, 'prohibited', 'other'];

/** The reason why a race was lost, from what each attempt met. */
export function failureOf({ reason, code, attempts }: ConnectionError): Failure {
  if (reason === 'timeout') return attempts.length === 0 ? 'look-up timed out' : 'timed out';
  if (reason === 'resolution') return isOfTime(wordsFor(code)?.failure) ? 'look-up timed out' : 'unknown name';
  const met = new Set(attempts.map((attempt) => wordsFor(attempt.code)?.failure ?? 'other'));
  return TELLING.find((failure) => met.has(failure)) ?? 'other';
}

/** The reply of SOCKS 5; RFC 1928 section 6. */
export const SOCKS5_REPLY_OF: Readonly<Record<Failure, number>> = {
  refused: REPLY.connectionRefused,
  reset: REPLY.connectionRefused,
  'timed out': REPLY.ttlExpired,
  'host unreachable': REPLY.hostUnreachable,
  'network unreachable': REPLY.networkUnreachable,
  prohibited: REPLY.notAllowed,
  'unknown name': REPLY.hostUnreachable,
  'look-up timed out': REPLY.ttlExpired,
  protocol: REPLY.generalFailure,
  other: REPLY.generalFailure,
};

/** Error types; RFC 9209 section 2.3. */
export const PROXY_ERROR_OF: Readonly<Record<Failure, string>> = {
  refused: 'connection_refused',
  reset: 'connection_terminated',
  'timed out': 'connection_timeout',
  'host unreachable': 'destination_ip_unroutable',
  'network unreachable': 'destination_ip_unroutable',
  prohibited: 'destination_ip_prohibited',
  'unknown name': 'dns_error',
  'look-up timed out': 'dns_timeout',
  protocol: 'http_protocol_error',
  other: 'destination_unavailable',
};

/** The status of HTTP: 504 where time was over, else 502. */
export function statusOfFailure(failure: Failure): number {
  return isOfTime(failure) ? 504 : 502;
}

function isOfTime(failure: Failure | undefined): boolean {
  return failure === 'timed out' || failure === 'look-up timed out';
}
