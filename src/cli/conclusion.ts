import { formatDuration } from '../core/duration.js';
import { formatDestination, formatEndpoint } from '../core/endpoint.js';
import { errorCode, NOTHING_THERE, reasonOf, toError, type ConnectionError } from '../core/errors.js';
import { printable } from '../core/printable.js';
import type { RaceResult } from './run-race.js';

/** How a race ended, in one sentence; where nobody won, with what to do next. */
export function conclusion({ outcome, winner, error }: RaceResult): string {
  if (winner) {
    const { tls } = winner;
    const secured = tls ? ` (${[tls.protocol, tls.alpn].filter(Boolean).join(', ')})` : '';
    return `${formatEndpoint(winner.endpoint)} won after ${formatDuration(winner.after)}${secured}. The others are closed.`;
  }
  if (outcome === 'cancelled') return 'Interrupted: the race was cancelled and everything is closed.';
  return lost(error!);
}

/** Why nobody won. */
function lost(error: ConnectionError): string {
  return printable(`Could not connect to ${formatDestination(error)}: ${why(error)}`);
}

function why(error: ConnectionError): string {
  const { reason, code = 'no code', attempts, host } = error;
  switch (reason) {
    case 'resolution':
      if (NOTHING_THERE.has(code))
        return `the name has no address (${code}); check how it is spelt, and which DNS server knows it.`;
      return `the name could not be looked up (${code}); is there a network, and does its DNS server answer?`;
    case 'timeout':
      if (attempts.length === 0) return 'the look-up was not answered in time; does the DNS server answer?';
      return `nobody answered in time; a firewall may drop the packets (see rx-happy-eyeballs check ${host}), or allow more with --connect-timeout.`;
    case 'blocked':
      return 'every address is blocked; see --block and --public-only.';
    case 'attempts': {
      const [first, ...others] = new Set(attempts.map(({ error }) => (error ? said(error) : 'cancelled')));
      const failed = others.length === 0 ? first! : `${attempts.length} attempts failed, for different reasons, as ${first!}`;
      return `${failed}; ${advice(toError(error.cause), code)}`;
    }
  }
}

const CERTIFICATE = /CERT|SIGNATURE|ISSUER/;

/** The codes of certificates are told apart by few people. */
function said(error: Error): string {
  return CERTIFICATE.test(errorCode(error) ?? '') ? error.message : reasonOf(error);
}

/** What to do next about the first attempt that failed. */
function advice(cause: Error, code: string): string {
  if (code === 'ECONNREFUSED') return 'nobody listens there: is the service running, and is this its port?';
  if (['ENETUNREACH', 'EHOSTUNREACH', 'ENETDOWN'].includes(code))
    return 'no way leads there: is this machine connected to a network?';
  if (code === 'EADDRNOTAVAIL') return 'this machine has no address to connect from: see --local-address.';
  if (code === 'EADDRINUSE') return 'the local address and port are in use: see --local-port.';
  if (code === 'ETIMEDOUT') return 'nobody answers there: a firewall may drop the packets.';
  if (code === 'ECONNRESET') return 'the other side closed the connection: is it the right port?';
  if (CERTIFICATE.test(code)) return 'trust its authority with --ca, or accept any certificate with --insecure.';
  if (code.startsWith('ERR_SSL')) return 'is it TLS that is spoken on this port?';
  return `${cause.message}.`;
}
