/** Options of {@link checkCommand}. */
export interface CheckOptions {
  /** Whether to print one JSON document at the end instead of text. */
  readonly json?: boolean;
  /** The port of hosts that have none. Default 443. */
  readonly port?: number;
  /** Whether to try TLS. Default: true for port 443. */
  readonly tls?: boolean;
  /** The DNS servers to query, as in `dnsQuery`. Default: the system's. */
  readonly servers?: readonly string[];
  /** The timeout of the first query to a DNS server, in ms. Default 1000. */
  readonly dnsTimeout?: number;
  /** How long one probe may take, in ms. Default 3000. */
  readonly probeTimeout?: number;
  /** Trusted authorities in PEM, instead of those that Node trusts. */
  readonly ca?: string;
  /** Whether to accept any certificate. Default false. */
  readonly insecure?: boolean;
  /** Whether to send an ICMP echo to each address. Default true. */
  readonly ping?: boolean;
  /** Whether every duration is 10 ms, so that outputs can be compared. Default false. */
  readonly fixedClock?: boolean;
  /** Whether to print ASCII only. Default false. */
  readonly ascii?: boolean;
  /** Whether to use colours if the terminal has them. Default true. */
  readonly color?: boolean;
  /** A file for an HTML report. */
  readonly html?: string;
  /** Whether a host with failures or warnings counts as not ready. Default false. */
  readonly strict?: boolean;
}
