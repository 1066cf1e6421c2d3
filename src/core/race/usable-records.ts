import { formatRecord, type ServiceRecord } from './service-records.js';

/** A record that the client can use. */
export interface UsableRecord {
  readonly record: ServiceRecord;
  /** The protocols that the record and the client share, in the client's order. */
  readonly alpn: readonly string[];
}

/** The protocol that a record implies: RFC 9460 section 9. */
const DEFAULT_PROTOCOL = 'http/1.1';

/** The parameters that this package supports. `ech` is missing because Node has no Encrypted ClientHello. */
const KNOWN_KEYS = new Set(['alpn', 'no-default-alpn', 'port', 'ipv4hint', 'ipv6hint']);

/** Ports that HTTP clients refuse: {@link https://fetch.spec.whatwg.org/#port-blocking the fetch standard}. */
const BAD_PORTS = new Set([
  0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109, 110, 111, 113,
  115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531, 532, 540, 548, 554, 556,
  563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667,
  6668, 6669, 6679, 6697, 10080,
]);

/**
 * Filters the records that a client can use. Does not expect aliases.
 *
 * Drops records that share no protocol with the client, that have an unsupported mandatory parameter, or whose port is not for
 * HTTP. A record with `ech` is kept.
 *
 * @param alpn the client's protocols, best first
 * @param complain called with a message for each record that is dropped
 * @see {@link https://www.rfc-editor.org/rfc/rfc9460#section-7.1.2 RFC 9460 sections 7.1.2 and 8}
 */
export function usableRecords(
  records: readonly ServiceRecord[],
  alpn: readonly string[],
  complain: (complaint: string) => void,
): readonly UsableRecord[] {
  return records.flatMap((record) => {
    const shared = alpn.filter((protocol) => protocolsOf(record).includes(protocol));
    const obstacle = obstacleTo(record, shared);
    if (obstacle === undefined) return [{ record, alpn: shared }];
    complain(`the service record "${formatRecord(record)}" is not used: ${obstacle}`);
    return [];
  });
}

/** The protocols of a record including the default one: its "SVCB ALPN set". */
function protocolsOf({ alpn = [], noDefaultAlpn = false }: ServiceRecord): readonly string[] {
  return noDefaultAlpn ? alpn : [...alpn, DEFAULT_PROTOCOL];
}

function obstacleTo({ mandatory = [], port }: ServiceRecord, shared: readonly string[]): string | undefined {
  const unknown = mandatory.find((key) => !KNOWN_KEYS.has(key));
  if (unknown !== undefined) return `its mandatory parameter ${unknown} is not supported`;
  if (shared.length === 0) return 'it has no protocol in common with this client';
  return port !== undefined && BAD_PORTS.has(port) ? `port ${port} is not for HTTP` : undefined;
}
