import { FAMILIES, type Family } from '../../../core/address/address.js';
import { usableRecords } from '../../../core/race/usable-records.js';
import type {
  AddressRecords,
  AddressReport,
  CertificateReport,
  Failure,
  FallbackReport,
  Finding,
  HostReport,
  OrderDecision,
  RaceReport,
  Records,
  ServiceRecords,
  Verdict,
} from '../report.js';
import {
  after,
  atMost,
  certificateProblem,
  isCertificateProblem,
  listed,
  questionReason,
  reason,
  refusedCertificate,
  shortDuration,
} from './failure-words.js';
import { ofFamily, outOfDescriptors, routed, trusted, works } from './address-state.js';

/** What is to be thought of each thing that was found out about a host, in the order in which people ask for them. */
export function judgeHost(report: HostReport): readonly Finding[] {
  const { records, addresses, fallback } = report;
  return [
    ...inSection('Records', records ? judgeRecords(records) : []),
    ...inSection(
      'Reverse names',
      addresses.map((address) => reverseName(address, report)),
    ),
    ...inSection('Order (RFC 6724)', addresses.map(place)),
    ...inSection('Reachability', [...addresses.flatMap((address) => reachability(address, report)), ...untriedAddresses(report)]),
    ...inSection(
      'Families',
      FAMILIES.flatMap((family) => families(report, family)),
    ),
    ...inSection('Fallback', fallback ? judgeFallback(fallback, report) : []),
  ];
}

type Line = readonly [verdict: Verdict, text: string];

function inSection(section: string, lines: readonly Line[]): Finding[] {
  return lines.map(([verdict, text]) => ({ section, verdict, text }));
}

function judgeRecords({ AAAA, A, HTTPS }: Records): Line[] {
  const aliases = [AAAA, A].map((records) => records.aliases).find((names) => names.length > 0) ?? [];
  return [
    ...(aliases.length > 0 ? [['ok', `alias: ${AAAA.name} is ${aliases.join(', which is ')}`] as const] : []),
    ...addressRecords('AAAA', AAAA, 'failed', 'clients do not use IPv6'),
    ...addressRecords('A', A, 'warning', 'clients without IPv6 do not get there'),
    ...(HTTPS ? serviceRecords(HTTPS, AAAA) : []),
  ];
}

/** Addresses and names of which one line tells. */
const SHOWN = 16;

/** With its IPv4 address in its own form, unlike any other. */
const IPV4_MAPPED = /^::ffff:\d+\./;

function addressRecords(type: string, records: AddressRecords, missing: Verdict, consequence: string): Line[] {
  const { addresses, source, ttl, time, error } = records;
  if (error) return [[missing, after(time, `${type}: ${questionReason(error)}`)]];
  if (addresses.length === 0) return [[missing, after(time, `${type}: none: ${consequence}`)]];
  const origin = source === 'DNS' ? after(time, `for ${ttl} s`) : `from ${source === 'localhost' ? 'RFC 6761' : `the ${source}`}`;
  const mapped = addresses.filter((address) => IPV4_MAPPED.test(address));
  const usable = addresses.filter((address) => !IPV4_MAPPED.test(address));
  const useless = `${type}: ${atMost(SHOWN, mapped)}: an IPv4-mapped address is no use in AAAA`;
  return [
    ...(usable.length > 0 ? [['ok', `${type}: ${atMost(SHOWN, usable)} ${origin}`] as const] : []),
    ...(mapped.length > 0 ? [['failed', useless] as const] : []),
  ];
}

function serviceRecords({ records, ttl, time, error, name }: ServiceRecords, AAAA: AddressRecords): Line[] {
  // Names below that of the host, for ports other than 443, need not be there.
  const unused = error?.code === 'ENOTFOUND' && name !== AAAA.name && AAAA.error?.code !== 'ENOTFOUND';
  if (unused || (!error && records.length === 0)) return [['ok', after(time, 'HTTPS: none')]];
  // A malformed answer is as good as none; one that does not come keeps clients waiting that ask for it.
  if (error) return [['warning', after(time, `HTTPS: ${questionReason(error)}`)]];
  return [...records.flatMap((record) => serviceRecord(record, name, ttl, time, AAAA)), ...effectOf(records, name)];
}

/** What a client that goes by the records does otherwise than one that does not. */
function effectOf(records: ServiceRecords['records'], name: string): Line[] {
  const services = records.filter(({ priority }) => priority > 0);
  if (services.length === 0) return [];
  const [first] = usableRecords(
    services.map((record) => ({ ...record, ech: undefined })),
    ['h2', 'http/1.1'],
    () => undefined,
  );
  if (!first) return [['warning', 'HTTPS: none of the records is for HTTP over TCP: clients go on as if there were none']];
  const { target, port } = first.record;
  const elsewhere = [
    ...(target === '.' || target === name ? [] : [`to ${target}`]),
    ...(port === undefined ? [] : [`to port ${port}`]),
  ];
  return elsewhere.length > 0 ? [['ok', `HTTPS: clients that go by the records connect ${listed(elsewhere)} first`]] : [];
}

function serviceRecord(
  record: ServiceRecords['records'][number],
  name: string,
  ttl: number | null,
  time: number | null,
  AAAA: AddressRecords,
): Line[] {
  const { priority, target, alpn = [], noDefaultAlpn, port, ipv4hint = [], ipv6hint = [], ech, mandatory = [] } = record;
  const life = after(time, `for ${ttl} s`);
  if (priority === 0 && target === '.') return [['failed', `HTTPS: says that there is no service ${life}`]];
  if (priority === 0) return [['ok', `HTTPS: alias of ${target} ${life}`]];
  const parts = [
    `priority ${priority}`,
    `target ${target === '.' ? name : target}`,
    ...(alpn.length > 0 ? [`ALPN ${alpn.join(' ')}${noDefaultAlpn ? ' alone' : ''}`] : []),
    ...(port === undefined ? [] : [`port ${port}`]),
    ...(ipv6hint.length > 0 ? [`IPv6 hints ${ipv6hint.join(' ')}`] : []),
    ...(ipv4hint.length > 0 ? [`IPv4 hints ${ipv4hint.join(' ')}`] : []),
    ...(mandatory.length > 0 ? [`mandatory ${mandatory.join(' ')}`] : []),
    ...(ech ? ['ECH'] : []),
  ];
  // RFC 9460 section 8
  const strange = mandatory.filter((key) => /^key\d+$/.test(key));
  const ignored = strange.length > 0 ? `: clients that do not know ${listed(strange)} ignore it` : '';
  return [
    [ignored === '' ? 'ok' : 'warning', after(time, `HTTPS: ${listed(parts)} for ${ttl} s${ignored}`)],
    ...hints(record, target === '.' || target === name ? AAAA.addresses : undefined),
  ];
}

/** What the hints promise that the addresses do not hold. */
function hints({ ipv4hint = [], ipv6hint = [] }: ServiceRecords['records'][number], addresses?: readonly string[]): Line[] {
  if (ipv4hint.length > 0 && ipv6hint.length === 0)
    return [['warning', 'HTTPS: hints for IPv4 without any for IPv6: clients that go by them begin with IPv4']];
  const stray = addresses ? ipv6hint.filter((hint) => !addresses.includes(hint)) : [];
  return stray.length > 0 ? [['warning', `HTTPS: the IPv6 hints ${stray.join(' ')} are not among the AAAA records`]] : [];
}

function reverseName({ address, family, reverse }: AddressReport, report: HostReport): Line {
  const { names, confirmed, time, error } = reverse;
  if (error) return ['unknown', after(time, `${address}: ${questionReason(error)}`)];
  if (names.length === 0) {
    const lagging = family === 6 && ofFamily(report, 4).some((other) => other.reverse.names.length > 0);
    return lagging ? ['warning', after(time, `${address}: none, while IPv4 has one`)] : ['ok', after(time, `${address}: none`)];
  }
  const name = `${address}: ${atMost(SHOWN, names)}`;
  if (confirmed === null) return ['unknown', after(time, `${name}; whether that leads back is not known`)];
  return confirmed
    ? ['ok', after(time, `${name}, which leads back`)]
    : ['warning', after(time, `${name}, which does not lead back`)];
}

function place({ address, source, before }: AddressReport, index: number, all: readonly AddressReport[]): Line {
  const from = source === null ? 'no route' : `from ${source}`;
  const next = all[index + 1]?.address;
  const why = before && next ? `; before ${next}: ${reasonBefore(before)}` : '';
  return [source === null ? 'warning' : 'ok', `${index + 1}. ${address}, ${from}${why}`];
}

function reasonBefore({ rule, name, by }: OrderDecision): string {
  return `${rule === 'history' ? '' : `rule ${rule}, `}${name}${by === undefined ? '' : `, by ${by}`}`;
}

function reachability(report: AddressReport, { host, tls: useTls }: HostReport): Line[] {
  const { address, source, tcp, tls } = report;
  if (outOfDescriptors(tcp.error)) return [['unknown', `${address}: ${reason(tcp.error!)}`]];
  if (tcp.error && !routed(report)) {
    const why = source === null ? 'this machine has no route to it' : `no answer, but ${source} may not lead beyond this site`;
    return [['unknown', `${address}: ${why}`]];
  }
  return [
    ...echo(report),
    tcp.error
      ? ['failed', after(tcp.time, `${address} TCP: ${reason(tcp.error)}`)]
      : ['ok', after(tcp.time, `${address} TCP: connected`)],
    ...(useTls && tls ? handshake(address, tls, host) : []),
  ];
}

function untriedAddresses({ untried }: HostReport): Line[] {
  return untried === 0 ? [] : [['unknown', `and ${untried} more ${untried === 1 ? 'address' : 'addresses'}, not tried`]];
}

function echo({ address, echo: report, tcp }: AddressReport): Line[] {
  if (!report) return [];
  if (report.outcome === 'unknown') return [['unknown', `${address} ICMP echo: ${report.reason ?? 'not known'}`]];
  if (report.outcome === 'answered') return [['ok', after(report.time, `${address} ICMP echo: answered`)]];
  const filtered = tcp.error ? '' : ': it is filtered, and Path MTU Discovery may be, too';
  return [['warning', `${address} ICMP echo: no answer${filtered}`]];
}

function handshake(address: string, tls: NonNullable<AddressReport['tls']>, host: string): Line[] {
  if (tls.error) return [['failed', after(tls.time, `${address} TLS: ${reason(tls.error)}`)]];
  const alpn = tls.alpn === null ? 'no ALPN' : `ALPN ${tls.alpn}`;
  return [
    ['ok', after(tls.time, `${address} TLS: ${tls.protocol}, ${alpn}`)],
    tls.certificate ? certificate(address, tls.certificate, host) : ['failed', `${address} certificate: none was shown`],
  ];
}

/** Days before its end when a certificate should have been renewed. */
const RENEWAL = 14;

function certificate(address: string, report: CertificateReport, host: string): Line {
  const { subject, issuer, validUntil, daysLeft, error, verified } = report;
  const label = `${address} certificate: ${subject || report.names || 'without a name'}, by ${issuer || 'an unnamed issuer'}`;
  const until = `until ${validUntil.slice(0, 10)}`;
  if (!trusted(report)) return ['failed', `${label}, ${until}: ${certificateProblem(error!, host)}`];
  if (!verified) return ['unknown', `${label}, ${until}: not verified, as was asked for`];
  const left = `${daysLeft} ${daysLeft === 1 ? 'day' : 'days'} left`;
  return daysLeft < RENEWAL ? ['warning', `${label}, ${until}: only ${left}: renew it`] : ['ok', `${label}, ${until}: ${left}`];
}

function families(report: HostReport, family: Family): Line[] {
  const all = ofFamily(report, family);
  if (all.length === 0) return [];
  const working = all.filter(works);
  const count = `IPv${family}: ${working.length} of ${all.length} ${all.length === 1 ? 'address works' : 'addresses work'}`;
  if (working.length === 0) return [all.some(routed) ? ['failed', count] : ['unknown', `IPv${family}: cannot be told from here`]];
  const best = (times: readonly number[]) => shortDuration(Math.min(...times));
  const tcp = `best TCP ${best(working.map((one) => one.tcp.time))}`;
  const tls = report.tls ? `, best TLS ${best(working.map((one) => one.tls!.time))}` : '';
  return [[working.length < all.length ? 'warning' : 'ok', `${count}; ${tcp}${tls}`]];
}

function judgeFallback({ now, withoutIPv6 }: FallbackReport, report: HostReport): Line[] {
  return [
    race('now', report.host, now, now.winner?.family === 4 && ofFamily(report, 6).some(routed) ? 'warning' : 'ok', 'failed'),
    race('if IPv6 was dropped', report.host, withoutIPv6, 'ok', 'warning'),
  ];
}

function race(when: string, host: string, report: RaceReport, won: Verdict, lost: Verdict): Line {
  const { winner, time } = report;
  if (winner) return [won, after(time, `${when}: connected over IPv${winner.family} to ${winner.address}`)];
  const why = whyLost(report, host);
  return [lost, after(time, `${when}: no connection${why === '' ? '' : `: ${why}`}`)];
}

/** How many endpoints that came to the same are named. */
const SHOWN_ENDPOINTS = 8;

/** What became of the attempts; those that came to the same are told together. */
function whyLost({ attempts, error }: RaceReport, host: string): string {
  if (attempts.length === 0) return error?.message ?? '';
  const endpoints = new Map<string, string[]>();
  for (const attempt of attempts) {
    const why = attempt.error ? attemptReason(attempt.error, host) : 'no answer in time';
    const others = endpoints.get(why);
    if (others) others.push(attempt.endpoint);
    else endpoints.set(why, [attempt.endpoint]);
  }
  return [...endpoints].map(([why, where]) => `${atMost(SHOWN_ENDPOINTS, where)}: ${why}`).join('; ');
}

function attemptReason({ code, message }: Failure, host: string): string {
  if (code === null || code === '') return message;
  if (code.startsWith('ERR_SSL_')) return `TLS: ${message}`;
  const isCertificate: boolean = isCertificateProblem(code);
  if (isCertificate) return refusedCertificate(code, host);
  return code.startsWith('ERR_') ? message : code;
}
