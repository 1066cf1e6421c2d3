import type { ConnectionError } from '../index.js';
import { REPLY } from './socks5.js';

/** Why no connection was made, as far as replies tell such reasons apart. */
export type Failure =
  | 'refused'
  | 'reset'
  | 'timed out'
  | 'host unreachable'
  | 'network unreachable'
  | 'prohibited'
  | 'unknown name'
  | 'look-up timed out'
  | 'protocol'
  | 'other';

/** What the codes of attempts mean. */
const BY_CODE: Readonly<Record<string, Failure>> = {
  ECONNREFUSED: 'refused',
  ECONNRESET: 'reset',
  EPIPE: 'reset',
  ETIMEDOUT: 'timed out',
  EHOSTUNREACH: 'host unreachable',
  EHOSTDOWN: 'host unreachable',
  ENETUNREACH: 'network unreachable',
  ENETDOWN: 'network unreachable',
  EADDRNOTAVAIL: 'network unreachable',
  EACCES: 'prohibited',
  EPERM: 'prohibited',
  ERR_IP_BLOCKED: 'prohibited',
};

/** The failures of attempts: those that came farthest first, for that is what a user wants to know. */
const TELLING: readonly Failure[] = [
  'refused',
  'reset',
  'timed out',
  'host unreachable',
  'network unreachable',
  'prohibited',
  'other',
];

const LOOK_UP_TIMED_OUT = new Set(['ETIMEOUT', 'ETIMEDOUT', 'EAI_AGAIN']);

/** The reason why a race was lost, from what each attempt met. */
export function failureOf({ reason, code = '', attempts }: ConnectionError): Failure {
  if (reason === 'timeout') return attempts.length === 0 ? 'look-up timed out' : 'timed out';
  if (reason === 'resolution') return LOOK_UP_TIMED_OUT.has(code) ? 'look-up timed out' : 'unknown name';
  const met = new Set(attempts.map((attempt) => BY_CODE[attempt.code ?? ''] ?? 'other'));
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
  return failure === 'timed out' || failure === 'look-up timed out' ? 504 : 502;
}
