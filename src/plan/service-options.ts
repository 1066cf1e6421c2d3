import { invalidType, invalidValue } from '../core/input/argument-errors.js';
import { checkEach, oneOf, type Checks } from '../core/input/checks.js';
import type { Scheme } from '../core/race/service-records.js';

/** How a race uses service records. */
export interface ServiceOptions {
  /**
   * The URL scheme that the connection is for, on any port. With `http` and `ws`, the endpoints of records are for TLS, and port 80
   * counts as 443: RFC 9460 section 9.5.
   */
  readonly scheme: Scheme;
  /**
   * The client's protocols as ALPN names, best first. They decide whether a record is used. The handshake offers
   * `tls.ALPNProtocols`. Default: `tls.ALPNProtocols`, otherwise `http/1.1`.
   */
  readonly alpn?: readonly string[] | undefined;
  /** `'lastResort'`: hints that no answer confirms are tried after everything else. Default: they are dropped. */
  readonly hints?: 'lastResort' | undefined;
}

export function checkServiceRecords(name: string, value: unknown): void {
  if (typeof value === 'boolean') return;
  checkEach<ServiceOptions>(name, value, serviceChecks);
  if ((value as Partial<ServiceOptions>).scheme === undefined) throw invalidType(`${name}.scheme`, 'of type string', undefined);
}

const serviceChecks: Checks<ServiceOptions> = {
  scheme: oneOf('https', 'wss', 'http', 'ws'),
  alpn: (name, value) => {
    if (!Array.isArray(value)) throw invalidType(name, 'an array of protocols', value);
    const isProtocol = (one: unknown) => typeof one === 'string' && one.length > 0 && one.length < 256;
    if (value.length === 0 || !value.every(isProtocol)) throw invalidValue(name, 'must name protocols', value);
  },
  hints: oneOf('lastResort'),
};

/** Whether QUIC is needed, which this package's sockets do not support. */
export function needsQuic(serviceRecords: boolean | ServiceOptions | undefined): boolean {
  return typeof serviceRecords === 'object' && (serviceRecords.alpn ?? []).some((protocol) => /^h3(?:-|$)/.test(protocol));
}
