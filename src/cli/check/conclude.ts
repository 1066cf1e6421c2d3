import { formatEndpoint } from '../../core/endpoint.js';
import type { AddressReport, Conclusion, Finding, HostReport, Verdict } from './report.js';
import { certificateProblem, reason } from './words.js';
import { ofFamily, routed, works } from './working.js';

/**
 * Whether a host is ready for IPv6: a name with AAAA records, of whose addresses at least one gives a client what it wants.
 *
 * A host of which something else is wrong is ready, with warnings: racing hides an address that is dead. Where this machine has
 * no way to any of the IPv6 addresses nothing can be told.
 */
export function conclude(report: HostReport, findings: readonly Finding[]): Conclusion {
  const { host, records } = report;
  const six = ofFamily(report, 6);
  if (records && [records.AAAA, records.A].every(({ error }) => SILENT_DNS.has(error?.code))) return unknown(host, NO_DNS);
  if (six.length === 0) return notReady(host, records ? withoutAAAA(records.AAAA.error, host) : IPV4_ADDRESS);
  if (six.some(works)) return { verdict: 'ready', text: `${host} is ready for IPv6${remarks(findings)}.` };
  if (!six.some(routed)) return unknown(host, NO_WAY);
  return notReady(host, whatFails(six.filter(routed), report));
}

/** Where nobody has answered, the name is not to blame. */
const SILENT_DNS = new Set<string | null | undefined>(['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'ETIMEOUT']);

const NO_DNS = 'no DNS server answers. See that this machine reaches one, or name others (--dns-server).';
const NO_WAY = 'this machine has no way to its IPv6 addresses. Check it from a machine that has.';
const IPV4_ADDRESS = 'it is an IPv4 address. Check its name instead, or its IPv6 address.';

function unknown(host: string, why: string): Conclusion {
  return { verdict: 'unknown', text: `Whether ${host} is ready for IPv6 cannot be told from here: ${why}` };
}

function notReady(host: string, why: string): Conclusion {
  return { verdict: 'not ready', text: `${host} is not ready for IPv6: ${why}` };
}

function remarks(findings: readonly Finding[]): string {
  const count = (verdict: Verdict) => findings.filter((finding) => finding.verdict === verdict).length;
  const [failed, warnings] = [count('failed'), count('warning')];
  const parts = [
    ...(failed > 0 ? [`${failed} ${failed === 1 ? 'failure' : 'failures'}`] : []),
    ...(warnings > 0 ? [`${warnings} ${warnings === 1 ? 'warning' : 'warnings'}`] : []),
  ];
  return parts.length > 0 ? `, with ${parts.join(' and ')}` : '';
}

function withoutAAAA(error: { readonly code: string | null } | null, host: string): string {
  if (!error) return 'it has no AAAA record. Publish one, once its servers listen on IPv6.';
  if (error.code === 'ENOTFOUND') return `there is no such name. See whether ${host} is spelt as it should be.`;
  return 'its AAAA records cannot be had. See that the DNS servers of its zone answer for them.';
}

/** Of the address that comes farthest the first thing that does not work. */
function whatFails(addresses: readonly AddressReport[], { host, port }: HostReport): string {
  const nearest = [...addresses].sort((a, b) => progress(b) - progress(a))[0]!;
  const where = formatEndpoint({ ...nearest, port });
  const { tcp, tls } = nearest;
  if (tcp.error) return `${where}: ${reason(tcp.error)}. ${ADVICE[tcp.error.code ?? ''] ?? CONNECTION}`;
  if (tls?.error) return `${where}: TLS fails, ${reason(tls.error)}. See what the server says of its handshakes over IPv6.`;
  const problem = tls?.certificate?.error;
  return problem === undefined || problem === null
    ? `${where}: the server has shown no certificate. Give it one for ${host}.`
    : `${where}: the certificate is not accepted, ${certificateProblem(problem, host)}. Give the server one for ${host}.`;
}

/** How far a client gets: TCP, TLS, a certificate. */
function progress({ tcp, tls }: AddressReport): number {
  if (tcp.error) return 0;
  return tls?.error ? 1 : 2;
}

const CONNECTION = 'See that the way there is open over IPv6.';

const ADVICE: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'Let the server listen on IPv6, or take the address out of its AAAA records.',
  ETIMEDOUT: 'See that firewalls let this port through over IPv6, and that the server has the address.',
};
