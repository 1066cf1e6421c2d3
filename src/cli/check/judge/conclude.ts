import { FAMILIES } from '../../../core/address/address.js';
import { about, certificateWords, ERROR_WORDS, wordsFor } from '../../../core/error-words.js';
import { formatEndpoint } from '../../../core/race/endpoint.js';
import type { AddressRecords, AddressReport, Conclusion, Finding, HostReport, Verdict } from '../report.js';
import { reason, refusedCertificate } from './failure-words.js';
import { ofFamily, outOfDescriptors, routed, works } from './address-state.js';

/**
 * Whether a host is ready for IPv6: a name with AAAA records, of whose addresses at least one gives a client what it wants.
 *
 * A host of which something else is wrong is ready, with warnings: racing hides an address that is dead. Where this machine has
 * no way to any of the IPv6 addresses nothing can be told.
 */
export function conclude(report: HostReport, findings: readonly Finding[]): Conclusion {
  const { host, records } = report;
  const six = ofFamily(report, 6);
  const untold = outOfDescriptors(records?.AAAA.error) || six.some(({ tcp }) => outOfDescriptors(tcp.error));
  if (untold && !six.some(works)) return unknown(host, NO_DESCRIPTORS);
  if (records && [records.AAAA, records.A].every(({ error }) => SILENT_DNS.has(error?.code))) return unknown(host, NO_DNS);
  if (six.length === 0) return notReady(host, records ? withoutAAAA(records.AAAA, host) : IPV4_ADDRESS);
  if (six.some(works)) return { verdict: 'ready', text: `${host} is ready for IPv6${remarks(report, findings)}.` };
  if (!six.some(routed)) return unknown(host, NO_WAY);
  return notReady(host, whatFails(six.filter(routed), report));
}

/** Where no server has answered, the name is not to blame. */
const SILENT_DNS = new Set<string | null | undefined>(['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'ETIMEOUT']);

const NO_NAME = ERROR_WORDS.ENOTFOUND;
const NO_DNS = 'no DNS server answers. See that this machine reaches one, or name others (--dns-server).';
const NO_DESCRIPTORS = 'this machine has no file descriptors left. Raise their limit (ulimit -n), or check fewer hosts at once.';
const NO_WAY = 'this machine has no way to its IPv6 addresses. Check it from a machine that has.';
const IPV4_ADDRESS = 'it is an IPv4 address. Check its name instead, or its IPv6 address.';

function unknown(host: string, why: string): Conclusion {
  return { verdict: 'unknown', text: `Whether ${host} is ready for IPv6 cannot be told from here: ${why}` };
}

function notReady(host: string, why: string): Conclusion {
  return { verdict: 'not ready', text: `${host} is not ready for IPv6: ${why}` };
}

/** What is wrong all the same: addresses in words, and how many findings there are of anything else. */
function remarks(report: HostReport, findings: readonly Finding[]): string {
  const broken = FAMILIES.flatMap((family) => brokenAddresses(ofFamily(report, family), family));
  const others = broken.length > 0 ? findings.filter(({ section }) => !OF_ADDRESSES.has(section)) : findings;
  const count = (verdict: Verdict) => others.filter((finding) => finding.verdict === verdict).length;
  const counts = [counted(count('failed'), 'failure'), counted(count('warning'), 'warning')].filter((text) => text !== '');
  const but = broken.length > 0 ? `, but ${broken.join(' and ')}` : '';
  if (counts.length === 0) return but;
  return broken.length > 0
    ? `${but}; there ${isOne(counts) ? 'is' : 'are'} also ${counts.join(' and ')}`
    : `, with ${counts.join(' and ')}`;
}

/** Sections of findings that say of each address whether it works. */
const OF_ADDRESSES = new Set(['Reachability', 'Families', 'Fallback']);

/** `2 of 3 IPv6 addresses are dead`; nothing where all work. Where TCP connects, they are not dead, but do not work. */
function brokenAddresses(addresses: readonly AddressReport[], family: 4 | 6): string[] {
  const broken = addresses.filter((address) => routed(address) && !works(address));
  if (broken.length === 0) return [];
  const isSingle = broken.length === 1;
  const state = broken.every(({ tcp }) => tcp.error)
    ? isSingle
      ? 'is dead'
      : 'are dead'
    : isSingle
      ? 'does not work'
      : 'do not work';
  if (addresses.length === 1) return [`its IPv${family} address ${state}`];
  return [`${broken.length} of ${addresses.length} IPv${family} addresses ${state}`];
}

function counted(count: number, what: string): string {
  return count === 0 ? '' : `${count} ${what}${count === 1 ? '' : 's'}`;
}

function isOne(counts: readonly string[]): boolean {
  return counts.length === 1 && counts[0]!.startsWith('1 ');
}

function withoutAAAA({ addresses, error }: AddressRecords, host: string): string {
  if (addresses.length > 0) return 'its AAAA records hold nothing but IPv4-mapped addresses. Put its IPv6 addresses there.';
  if (!error) return 'it has no AAAA record. Publish one, once its servers listen on IPv6.';
  if (error.code === 'ENOTFOUND') return about(`${NO_NAME.meaning}. ${NO_NAME.repair}`, host);
  return 'its AAAA records cannot be had. See that the DNS servers of its zone answer for them.';
}

/** Of the address that comes farthest the first thing that does not work. */
function whatFails(addresses: readonly AddressReport[], report: HostReport): string {
  const { host, port } = report;
  const nearest = [...addresses].sort((a, b) => progress(b) - progress(a))[0]!;
  const { what } = fault(nearest, host, '');
  const shared = ofFamily(report, 4).some((four) => !works(four) && fault(four, host, '').what === what);
  const { advice } = fault(nearest, host, shared ? '' : ' over IPv6');
  return `${formatEndpoint({ ...nearest, port })}${shared ? ', and IPv4 likewise' : ''}: ${what}. ${advice}`;
}

interface Fault {
  readonly what: string;
  readonly advice: string;
}

/** The first thing that does not work with an address; `how`: over which family alone. */
function fault({ tcp, tls }: AddressReport, host: string, how: '' | ' over IPv6'): Fault {
  if (tcp.error) return { what: reason(tcp.error), advice: connectionAdvice(tcp.error.code, how) };
  if (tls?.error) return { what: `TLS fails, ${reason(tls.error)}`, advice: `See what the server says of its handshakes${how}.` };
  const problem = tls?.certificate?.error ?? null;
  return problem === null
    ? { what: 'the server has shown no certificate', advice: `Give it one for ${host}.` }
    : { what: refusedCertificate(problem, host), advice: about(certificateWords(problem).repair ?? '', host) };
}

/** How far a client gets: TCP, TLS, a certificate. */
function progress({ tcp, tls }: AddressReport): number {
  if (tcp.error) return 0;
  return tls?.error ? 1 : 2;
}

function connectionAdvice(code: string | null, how: '' | ' over IPv6'): string {
  const { repair, repairOfIPv6 } = wordsFor(code) ?? {};
  return (how === '' ? repair : repairOfIPv6) ?? `See that the way there is open${how}.`;
}
