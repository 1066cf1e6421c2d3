import { invalidType, invalidValue } from '../core/input/argument-errors.js';
import { checkEach, oneOf, type Checks } from '../core/input/checks.js';
import type { Scheme } from '../core/race/service-records.js';

/** How a race uses service records. */
export interface ServiceOptions {
  /**
   * The scheme of the URL. With `http` and `ws`, endpoints of records are for TLS, and port 80 stands for 443 (RFC 9460 section 9.5).
   *
   * @defaultValue required
   */
  readonly scheme: Scheme;
  /**
   * The protocols that the client speaks, by their ALPN names, best first. They decide whether a record is used. The handshake
   * offers what `tls.ALPNProtocols` says.
   *
   * @defaultValue tls.ALPNProtocols, else http/1.1
   */
  readonly alpn?: readonly string[] | undefined;
  /**
   * What becomes of hints that the addresses of their target do not confirm. `'lastResort'`: they are tried after everything else.
   * Without this option they are dropped.
   *
   * @defaultValue none
   */
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
