/** What a connection failed for, as far as the replies of a proxy distinguish it. */
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

/** Failures of addresses. Those that came farthest are first, because they say the most: a port that refuses is at least there. */
export const FARTHEST_FIRST: readonly Failure[] = ['refused', 'reset', 'timed out', 'host unreachable', 'network unreachable'];

/** What an error code says something about. */
export type Subject = 'address' | 'machine' | 'name' | 'certificate' | 'handshake' | 'filter';

/** An error code in words, without a full stop where nothing else is said. `%` stands for a name: see {@link about}. */
export interface ErrorWords {
  readonly subject: Subject;
  /** What it says of an attempt, in a few words: `refused: nothing listens there`. */
  readonly short: string;
  /** What it means, with a subject of its own: `nothing listens there`. */
  readonly meaning: string;
  /** What the one who connects can do, with its punctuation. Flags are those of the command line. */
  readonly advice: string;
  /** What it says of a DNS query. Absent if the error of a query says more. */
  readonly query?: string;
  /** What the operator of the server can do, in sentences. */
  readonly repair?: string;
  /** The same if the host works over IPv4. */
  readonly repairOfIPv6?: string;
  /** What it says of a port to listen on, in sentences. */
  readonly listening?: string;
  /** Absent if replies of a proxy have nothing more precise than `other`. */
  readonly failure?: Failure;
}

const ELSEWHERE = 'Choose another with --listen.';
const IF_TRUSTED = 'If you trust it, name its authority (--ca) or accept any (--insecure).';
const TRUST = 'trust its authority with --ca, or accept any certificate with --insecure.';
const CONNECTED = 'is this machine connected to a network?';

const NO_DESCRIPTORS = {
  subject: 'machine',
  short: 'this machine has no file descriptors left',
  meaning: 'this machine has no file descriptors left',
  advice: 'raise their limit (ulimit -n), or open fewer connections at once.',
  query: 'this machine has no file descriptors left',
} as const;

const NO_MEMORY = {
  subject: 'machine',
  short: 'this machine has no memory left for it',
  meaning: 'this machine has no memory left for the connection',
  advice: 'open fewer connections at once.',
} as const;

const UNKNOWN_AUTHORITY = {
  subject: 'certificate',
  short: 'its authority is not known here',
  meaning: 'the authority that issued the certificate is not known here',
  advice: TRUST,
  repair: IF_TRUSTED,
} as const;

const NO_ADDRESS_RECORD = 'check how it is spelt, and which DNS server knows it.';
const ASK_AGAIN = 'is there a network, and does its DNS server answer?';
const OTHER_SERVER = 'ask another DNS server with --dns-server.';

/**
 * Every error code that this package explains. No other file has words for codes, and docs/troubleshooting.md has a row for each.
 */
export const ERROR_WORDS = {
  ECONNREFUSED: {
    subject: 'address',
    short: 'refused: nothing listens there',
    meaning: 'nothing listens there',
    advice: 'is the service running, and is this its port?',
    query: 'no DNS server is there',
    repair: 'See that the server runs, and listens on this port.',
    repairOfIPv6: 'Let the server listen on IPv6, or take the address out of its AAAA records.',
    failure: 'refused',
  },
  ECONNRESET: {
    subject: 'address',
    short: 'the connection was reset',
    meaning: 'the other side closed the connection',
    advice: 'is it the right port?',
    failure: 'reset',
  },
  EPIPE: {
    subject: 'address',
    short: 'the connection was closed',
    meaning: 'the other side closed the connection',
    advice: 'is it the right port?',
    failure: 'reset',
  },
  ECONNABORTED: {
    subject: 'address',
    short: 'the connection was closed before it was ready',
    meaning: 'the connection was closed before it was ready',
    advice: 'is it the right port?',
  },
  ETIMEDOUT: {
    subject: 'address',
    short: 'no answer in time',
    meaning: 'nothing answers there',
    advice: 'a firewall may drop the packets.',
    repair: 'See that firewalls let this port through, and that the server has the address.',
    repairOfIPv6: 'See that firewalls let this port through over IPv6, and that the server has the address.',
    failure: 'timed out',
  },
  EHOSTUNREACH: {
    subject: 'address',
    short: 'the network says that the host cannot be reached',
    meaning: 'the network says that the host cannot be reached',
    advice: `is the host up, and ${CONNECTED}`,
    query: 'the DNS server cannot be reached',
    failure: 'host unreachable',
  },
  EHOSTDOWN: {
    subject: 'address',
    short: 'the network says that the host is down',
    meaning: 'the network says that the host is down',
    advice: `is the host up, and ${CONNECTED}`,
    query: 'the DNS server is down',
    failure: 'host unreachable',
  },
  ENETUNREACH: {
    subject: 'address',
    short: 'there is no route to it',
    meaning: 'there is no route to it',
    advice: CONNECTED,
    query: 'there is no route to the DNS server',
    failure: 'network unreachable',
  },
  ENETDOWN: {
    subject: 'machine',
    short: 'the network interface is down',
    meaning: 'the network interface is down',
    advice: CONNECTED,
    failure: 'network unreachable',
  },
  EADDRNOTAVAIL: {
    subject: 'machine',
    short: 'this machine has no address to connect from',
    meaning: 'this machine has no address to connect from',
    advice: 'see --local-address.',
    listening: `This machine does not have that address. ${ELSEWHERE}`,
    failure: 'network unreachable',
  },
  EADDRINUSE: {
    subject: 'machine',
    short: 'the local address and port are in use',
    meaning: 'the local address and port are in use',
    advice: 'see --local-port.',
    listening: `The port is already in use. ${ELSEWHERE}`,
  },
  EAFNOSUPPORT: {
    subject: 'machine',
    short: 'this machine does not support the address family',
    meaning: 'this machine does not support the address family',
    advice: 'is IPv6 switched off here?',
  },
  EINVAL: {
    subject: 'machine',
    short: 'this machine does not accept the address',
    meaning: 'this machine does not accept the address',
    advice: 'is there a network interface % here?',
  },
  EACCES: {
    subject: 'address',
    short: 'the connection is prohibited',
    meaning: 'a firewall or this machine prohibits the connection',
    advice: 'is it allowed to leave this network, and this program to use its local port?',
    listening: `Listening on this port is not permitted. ${ELSEWHERE}`,
    failure: 'prohibited',
  },
  EPERM: {
    subject: 'machine',
    short: 'this machine prohibits the connection',
    meaning: 'this machine prohibits the connection',
    advice: 'does its firewall allow it?',
    failure: 'prohibited',
  },
  EMFILE: NO_DESCRIPTORS,
  ENFILE: NO_DESCRIPTORS,
  ENOBUFS: NO_MEMORY,
  ENOMEM: NO_MEMORY,
  ERR_IP_BLOCKED: {
    subject: 'filter',
    short: 'blocked',
    meaning: 'the address is blocked',
    advice: 'see --block and --public-only.',
    failure: 'prohibited',
  },

  ENOTFOUND: {
    subject: 'name',
    short: 'there is no such name',
    meaning: 'there is no such name',
    advice: NO_ADDRESS_RECORD,
    query: 'there is no such name',
    repair: 'See whether % is spelt as it should be.',
  },
  ENODATA: {
    subject: 'name',
    short: 'the name has no such record',
    meaning: 'the name has no such record',
    advice: NO_ADDRESS_RECORD,
  },
  EAI_AGAIN: {
    subject: 'name',
    short: "the system's resolver has no answer",
    meaning: "the system's resolver has no answer",
    advice: ASK_AGAIN,
    failure: 'look-up timed out',
  },
  ETIMEOUT: {
    subject: 'name',
    short: 'no answer in time',
    meaning: 'no DNS server answered in time',
    advice: ASK_AGAIN,
    // The message has the patience of the last try only.
    query: 'no answer in time',
    failure: 'look-up timed out',
  },
  ESERVFAIL: {
    subject: 'name',
    short: 'the DNS server could not find out',
    meaning: 'the DNS server could not find out',
    advice: OTHER_SERVER,
  },
  EREFUSED: {
    subject: 'name',
    short: 'the DNS server refuses to answer',
    meaning: 'the DNS server refuses to answer',
    advice: OTHER_SERVER,
  },

  CERT_HAS_EXPIRED: {
    subject: 'certificate',
    short: 'it has expired',
    meaning: 'the certificate has expired',
    advice: 'the certificate has to be renewed; until then, --insecure accepts it.',
    repair: 'Renew it.',
  },
  CERT_NOT_YET_VALID: {
    subject: 'certificate',
    short: 'it is not valid yet',
    meaning: 'the certificate is not valid yet',
    advice: 'is the clock of this machine right?',
    repair: 'See that the clocks are right, here and where it was issued.',
  },
  ERR_TLS_CERT_ALTNAME_INVALID: {
    subject: 'certificate',
    short: 'it is not for %',
    meaning: 'the certificate is for other names',
    advice: 'the certificate is for other names: see --servername.',
    repair: 'Give the server one for %.',
  },
  DEPTH_ZERO_SELF_SIGNED_CERT: {
    ...UNKNOWN_AUTHORITY,
    short: 'it has signed itself',
    meaning: 'the certificate has signed itself',
  },
  SELF_SIGNED_CERT_IN_CHAIN: UNKNOWN_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT: UNKNOWN_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNKNOWN_AUTHORITY,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: {
    ...UNKNOWN_AUTHORITY,
    short: 'its authority is not known here, or the server does not send the whole chain',
    meaning: 'the authority that issued the certificate is not known here, or the server does not send the whole chain',
    repair: `Let the server send the whole chain. ${IF_TRUSTED}`,
  },

  ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL: {
    subject: 'handshake',
    short: 'the server speaks none of the protocols',
    meaning: 'the server speaks none of the protocols that were offered',
    advice: 'the server speaks none of these protocols: see --alpn.',
  },
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: {
    subject: 'handshake',
    short: 'the server asks for a certificate of the client',
    meaning: 'the server asks for a certificate of the client',
    advice: 'the server asks for a certificate of the client: see --cert and --key.',
  },
} satisfies Record<string, ErrorWords>;

/** The words of a code, if it has its own. For any other, the error's message says more than a general text would. */
export function wordsFor(code: string | null | undefined): ErrorWords | undefined {
  return typeof code === 'string' && Object.hasOwn(ERROR_WORDS, code) ? ERROR_WORDS[code as keyof typeof ERROR_WORDS] : undefined;
}

const ANY_HANDSHAKE: ErrorWords = {
  subject: 'handshake',
  short: 'the TLS handshake failed',
  meaning: 'the TLS handshake failed',
  advice: 'does this port speak TLS?',
};

const ANY_CERTIFICATE: ErrorWords = {
  subject: 'certificate',
  short: 'it is not to be trusted',
  meaning: 'the certificate is not trusted',
  advice: TRUST,
  repair: 'Give the server one that clients trust.',
};

/** Codes with which OpenSSL rejects a certificate. */
const OF_CERTIFICATES = /CERT|SIGNATURE|ISSUER/;

/** What a code's family says: OpenSSL has hundreds of codes for handshakes and for certificates. */
export function generalWords(code: string): ErrorWords | undefined {
  if (code.startsWith('ERR_SSL_')) return ANY_HANDSHAKE;
  return OF_CERTIFICATES.test(code) ? ANY_CERTIFICATE : undefined;
}

/** The words for the code of a certificate that was not accepted, whatever the code is. */
export function certificateWords(code: string): ErrorWords {
  const words = wordsFor(code);
  return words?.subject === 'certificate' ? words : ANY_CERTIFICATE;
}

/** A text of this table with the name that it leaves open: the host, or for `EINVAL` the zone. */
export function about(text: string, name: string): string {
  return text.replace('%', () => name);
}
