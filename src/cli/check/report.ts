import type { Address, Family } from '../../core/address/address.js';
import type { Decision } from '../../core/race/rfc6724.js';
import type { ServiceRecord } from '../../core/race/service-records.js';

/** What a check has found out, and nothing that it thinks of it. Durations in ms; what is not known is `null`. */
export interface HostReport {
  /** In ASCII. */
  readonly host: string;
  readonly port: number;
  /** Whether TLS was tried. */
  readonly tls: boolean;
  /** `null` for a host that is an address itself. */
  readonly records: Records | null;
  /** In the order in which this machine would use them. */
  readonly addresses: readonly AddressReport[];
  /** How many more addresses it has, which were not tried. */
  readonly untried: number;
  /** `null` when there is no address to race. */
  readonly fallback: FallbackReport | null;
}

export interface Records {
  readonly AAAA: AddressRecords;
  readonly A: AddressRecords;
  /** `null` where no client would ask: without TLS, and for names that the DNS does not know. */
  readonly HTTPS: ServiceRecords | null;
}

/** What has gone wrong. */
export interface Failure {
  readonly code: string | null;
  readonly message: string;
}

interface Question {
  /** That was asked for. */
  readonly name: string;
  /** Names to which it leads: CNAME records. */
  readonly aliases: readonly string[];
  /** s; `null` when there are no records, or they are not from the DNS. */
  readonly ttl: number | null;
  /** `null` when the DNS was not asked. */
  readonly time: number | null;
  readonly error: Failure | null;
}

export interface AddressRecords extends Question {
  readonly source: 'DNS' | 'hosts file' | 'localhost';
  /** An IPv4-mapped one in an AAAA record as it is there: `::ffff:192.0.2.1`. */
  readonly addresses: readonly string[];
}

export interface ServiceRecords extends Question {
  readonly records: readonly (Omit<ServiceRecord, 'ech'> & { readonly ech: boolean })[];
}

/** What concerns one address. */
export interface AddressReport extends OrderedAddress {
  readonly reverse: ReverseReport;
  /** `null` where it was not asked for. */
  readonly echo: EchoReport | null;
  readonly tcp: StepReport;
  /** `null` where it was not tried. */
  readonly tls: TlsReport | null;
}

export interface OrderedAddress extends Address {
  /** The address from which this machine would connect; `null`: it has no route. */
  readonly source: string | null;
  /** Which rule of RFC 6724 puts it before the next one; `null` for the last. */
  readonly before: OrderDecision | null;
}

export interface OrderDecision extends Decision {
  /** The file whose tables decide, where those of RFC 6724 would decide otherwise. */
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
  /** As the program says. */
  readonly time: number | null;
  /** Why it is not known. */
  readonly reason: string | null;
}

export interface StepReport {
  readonly time: number;
  readonly error: Failure | null;
}

export interface TlsReport extends StepReport {
  /** `null` when there was no handshake, as is the rest. */
  readonly protocol: string | null;
  /** What was agreed on; `null`: nothing. */
  readonly alpn: string | null;
  readonly certificate: CertificateReport | null;
}

export interface CertificateReport {
  readonly subject: string;
  /** For what it is, as it says itself: `DNS:example.com, IP Address:192.0.2.1`. */
  readonly names: string;
  readonly issuer: string;
  /** ISO 8601. */
  readonly validUntil: string;
  /** Whole days. */
  readonly daysLeft: number;
  /** Why it is not to be trusted, as a code of OpenSSL or Node; also where that was to be overlooked. */
  readonly error: string | null;
  /** False: errors were to be overlooked. */
  readonly verified: boolean;
}

export interface FallbackReport {
  /** A race with the defaults. */
  readonly now: RaceReport;
  /** The same with IPv6 addresses that never answer. */
  readonly withoutIPv6: RaceReport;
}

export interface RaceReport {
  /** `null`: no address connected. */
  readonly winner: Address | null;
  readonly time: number;
  /** What each attempt of a lost race met; an error of `null`: no answer in time. */
  readonly attempts: readonly { readonly endpoint: string; readonly error: Failure | null }[];
  readonly error: Failure | null;
}

/** What concerns this machine and its network. */
export interface MachineReport {
  /** Those that reach others. */
  readonly addresses: readonly (Address & { readonly interface: string })[];
  /** `null` where the system does not tell. */
  readonly routes: readonly DefaultRoute[] | null;
  readonly nat64: {
    readonly prefixes: readonly string[];
    readonly time: number;
    readonly error: Failure | null;
  };
}

export interface DefaultRoute {
  readonly family: Family;
  /** `null`: everything is on the link. */
  readonly gateway: string | null;
  readonly interface: string;
  readonly metric: number;
}

/** What a line says of what was found. */
export type Verdict = 'ok' | 'warning' | 'failed' | 'unknown';

export interface Finding {
  readonly section: string;
  readonly verdict: Verdict;
  readonly text: string;
}

/** What it comes to for a host, and what to do next. */
export interface Conclusion {
  readonly verdict: 'ready' | 'not ready' | 'unknown';
  readonly text: string;
}

/** A report with what is to be thought of it. */
export interface Judged<Report> {
  readonly report: Report;
  readonly findings: readonly Finding[];
}

export interface JudgedHost extends Judged<HostReport> {
  readonly conclusion: Conclusion;
}
