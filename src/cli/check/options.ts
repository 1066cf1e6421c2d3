/** Options of `checkCommand`. */
export interface CheckOptions {
  /** One document for everything, at the end, instead of text. */
  readonly json?: boolean;
  /** Of the hosts that have none of their own. Default 443. */
  readonly port?: number;
  /** Default: on port 443. */
  readonly tls?: boolean;
  /** DNS servers to ask, as in `dnsQuery`. Default: the system's. */
  readonly servers?: readonly string[];
  /** How long a DNS server is given for its first try, in ms. Default 1000. */
  readonly dnsTimeout?: number;
  /** How long one probe may take, in ms. Default 3000. */
  readonly probeTimeout?: number;
  /** Who signs certificates, in PEM, instead of those whom Node trusts. */
  readonly ca?: string;
  /** Take any certificate. */
  readonly insecure?: boolean;
  /** Send an ICMP echo to each address. Default true. */
  readonly ping?: boolean;
  /** Every duration is 10 ms, so that outputs can be compared. */
  readonly fixedClock?: boolean;
  /** Nothing but ASCII in the text. Default false. */
  readonly ascii?: boolean;
  /** Colours, where the terminal has them. Default true. */
  readonly color?: boolean;
  /** A file for a report of everything, as an HTML page. */
  readonly html?: string;
  /** A host that is ready, but with failures or warnings, counts as one that is not. Default false. */
  readonly strict?: boolean;
}
