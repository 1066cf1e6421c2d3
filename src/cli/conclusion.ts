import { formatDuration } from '../core/format-duration.js';
import { formatDestination, formatEndpoint } from '../core/race/endpoint.js';
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
      if (NOTHING_THERE.has(code))
        return `the name has no address (${code}); check how it is spelt, and which DNS server knows it.`;
      return `the name could not be looked up (${code}); is there a network, and does its DNS server answer?`;
    case 'timeout':
      if (attempts.length === 0) return 'the look-up was not answered in time; does the DNS server answer?';
      if (stalled) return 'TCP connected, but no TLS handshake completed in time; does this port speak TLS?';
      return `no address answered in time; a firewall may drop the packets (see rx-happy-eyeballs check ${formatDestination(error)}). Allow more time with --connect-timeout.`;
    case 'blocked':
      return 'every address is blocked; see --block and --public-only.';
    case 'attempts': {
      const [first, ...others] = new Set(attempts.map(({ error }) => (error ? said(error) : 'cancelled')));
      const failed = others.length === 0 ? first! : `${attempts.length} attempts failed, for different reasons, as ${first!}`;
      return `${failed}; ${advice(toError(error.cause), code, error.host)}`;
    }
  }
}

const CERTIFICATE = /CERT|SIGNATURE|ISSUER/;

/** The codes of certificates are told apart by few people. */
function said(error: Error): string {
  return CERTIFICATE.test(errorCode(error) ?? '') ? error.message : reasonOf(error);
}

/** What to do next, by the code of what failed. */
const ADVICE: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there: is the service running, and is this its port?',
  ENETUNREACH: 'there is no route to it: is this machine connected to a network?',
  EHOSTUNREACH: 'there is no route to it: is this machine connected to a network?',
  ENETDOWN: 'there is no route to it: is this machine connected to a network?',
  EADDRNOTAVAIL: 'this machine has no address to connect from: see --local-address.',
  EADDRINUSE: 'the local address and port are in use: see --local-port.',
  ETIMEDOUT: 'nothing answers there: a firewall may drop the packets.',
  ECONNRESET: 'the other side closed the connection: is it the right port?',
  CERT_HAS_EXPIRED: 'the certificate has to be renewed; until then, --insecure accepts it.',
  ERR_TLS_CERT_ALTNAME_INVALID: 'the certificate is for other names: see --servername.',
  ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL: 'the server speaks none of these protocols: see --alpn.',
};

function advice(cause: Error, code: string, host: string): string {
  const [, zone] = host.split('%');
  if (code === 'EINVAL' && zone !== undefined) return `is there a network interface ${zone} here?`;
  if (Object.hasOwn(ADVICE, code)) return ADVICE[code]!;
  if (CERTIFICATE.test(code)) return 'trust its authority with --ca, or accept any certificate with --insecure.';
  if (code.startsWith('ERR_SSL')) return 'does this port speak TLS?';
  return `${cause.message}.`;
}
