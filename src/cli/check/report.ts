import type { Address, Family } from '../../core/address/address.js';
import type { Decision } from '../../core/race/rfc6724.js';
import type { ServiceRecord } from '../../core/race/service-records.js';

/** The facts that a check has found, without a judgement. Durations are in ms, and unknown values are `null`. */
export interface HostReport {
  /** In ASCII. */
  readonly host: string;
  readonly port: number;
  /** Whether TLS was tried. */
  readonly tls: boolean;
  /** `null` for a host that is an address. */
  readonly records: Records | null;
  /** In the order in which this machine uses them. */
  readonly addresses: readonly AddressReport[];
  /** The number of further addresses, which were not tried. */
  readonly untried: number;
  /** `null` if there is no address to race. */
  readonly fallback: FallbackReport | null;
}

export interface Records {
  readonly AAAA: AddressRecords;
  readonly A: AddressRecords;
  /** `null` if no client would query it: without TLS, and for names that are not in the DNS. */
  readonly HTTPS: ServiceRecords | null;
}

/** An error. */
export interface Failure {
  readonly code: string | null;
  readonly message: string;
}

interface Question {
  /** The queried name. */
  readonly name: string;
  /** The names that CNAME records lead to. */
  readonly aliases: readonly string[];
  /** In seconds; `null` if there are no records, or they are not from the DNS. */
  readonly ttl: number | null;
  /** `null` if the DNS was not queried. */
  readonly time: number | null;
  readonly error: Failure | null;
}

export interface AddressRecords extends Question {
  readonly source: 'DNS' | 'hosts file' | 'localhost';
  /** An IPv4-mapped address of an AAAA record is written as there: `::ffff:192.0.2.1`. */
  readonly addresses: readonly string[];
}

export interface ServiceRecords extends Question {
  readonly records: readonly (Omit<ServiceRecord, 'ech'> & { readonly ech: boolean })[];
}

/** The report of one address. */
export interface AddressReport extends OrderedAddress {
  readonly reverse: ReverseReport;
  /** `null` if it was not requested. */
  readonly echo: EchoReport | null;
  readonly tcp: StepReport;
  /** `null` if it was not tried. */
  readonly tls: TlsReport | null;
}

export interface OrderedAddress extends Address {
  /** The address from which this machine connects; `null` if it has no route. */
  readonly source: string | null;
  /** The rule of RFC 6724 that puts it before the next one; `null` for the last. */
  readonly before: OrderDecision | null;
}

export interface OrderDecision extends Decision {
  /** The file whose tables decide, if those of RFC 6724 would decide differently. */
  readonly by?: string;
}

export interface ReverseReport {
  readonly names: readonly string[];
  /** Whether one of the names leads back to the address. */
  readonly confirmed: boolean | null;
  readonly time: number;
  readonly error: Failure | null;
}

/** An ICMP echo. */
export interface EchoReport {
  readonly outcome: 'answered' | 'unanswered' | 'unknown';
  /** As the program reports it. */
  readonly time: number | null;
  /** Why the result is unknown. */
  readonly reason: string | null;
}

export interface StepReport {
  readonly time: number;
  readonly error: Failure | null;
}

export interface TlsReport extends StepReport {
  /** `null` if there was no handshake, as are the other fields. */
  readonly protocol: string | null;
  /** The negotiated protocol; `null` if there is none. */
  readonly alpn: string | null;
  readonly certificate: CertificateReport | null;
}

export interface CertificateReport {
  readonly subject: string;
  /** The names that the certificate is valid for: `DNS:example.com, IP Address:192.0.2.1`. */
  readonly names: string;
  readonly issuer: string;
  /** ISO 8601. */
  readonly validUntil: string;
  /** In whole days. */
  readonly daysLeft: number;
  /** Why the certificate is not trusted, as a code of OpenSSL or Node. It is set also if errors were ignored. */
  readonly error: string | null;
  /** False if errors were ignored. */
  readonly verified: boolean;
}

export interface FallbackReport {
  /** A race with the default options. */
  readonly now: RaceReport;
  /** The same race with IPv6 addresses that never answer. */
  readonly withoutIPv6: RaceReport;
}

export interface RaceReport {
  /** `null` if no address connected. */
  readonly winner: Address | null;
  readonly time: number;
  /** The attempts of a race without a winner. The error is `null` if there was no answer in time. */
  readonly attempts: readonly { readonly endpoint: string; readonly error: Failure | null }[];
  readonly error: Failure | null;
}

/** The report of this machine and its network. */
export interface MachineReport {
  /** The addresses that can reach other machines. */
  readonly addresses: readonly (Address & { readonly interface: string })[];
  /** `null` if the system does not show them. */
  readonly routes: readonly DefaultRoute[] | null;
  readonly nat64: {
    readonly prefixes: readonly string[];
    readonly time: number;
    readonly error: Failure | null;
  };
}

export interface DefaultRoute {
  readonly family: Family;
  /** `null` if all destinations are on the link. */
  readonly gateway: string | null;
  readonly interface: string;
  readonly metric: number;
}

/** The judgement of a finding. */
export type Verdict = 'ok' | 'warning' | 'failed' | 'unknown';

export interface Finding {
  readonly section: string;
  readonly verdict: Verdict;
  readonly text: string;
}

/** The conclusion about a host, with advice. */
export interface Conclusion {
  readonly verdict: 'ready' | 'not ready' | 'unknown';
  readonly text: string;
}

/** A report with its judgement. */
export interface Judged<Report> {
  readonly report: Report;
  readonly findings: readonly Finding[];
}

export interface JudgedHost extends Judged<HostReport> {
  readonly conclusion: Conclusion;
}
