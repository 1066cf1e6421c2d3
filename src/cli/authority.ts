import { invalidValue } from '../core/input/argument-errors.js';
import { hostPort } from '../core/input/host-port.js';

/** The parts of what people write for a host. They are not checked. */
export interface Authority {
  readonly host: string;
  /** As written; absent if there is none. */
  readonly port?: string;
  /** The scheme of a URL; absent if there is none. */
  readonly scheme?: Scheme;
}

/** What the scheme of a URL implies for the connection. */
export interface Scheme {
  readonly port: number;
  /** Whether the connection begins with TLS. */
  readonly tls: boolean;
}

/** The default port. */
export const HTTPS_PORT = 443;

const plain = (port: number): Scheme => ({ port, tls: false });
const secure = (port: number): Scheme => ({ port, tls: true });

const SCHEMES = new Map([
  ['https', secure(HTTPS_PORT)],
  ['http', plain(80)],
  ['wss', secure(HTTPS_PORT)],
  ['ws', plain(80)],
  ['ftp', plain(21)],
  ['ftps', secure(990)],
  ['ssh', plain(22)],
  ['git', plain(9418)],
  ['smtp', plain(25)],
  ['smtps', secure(465)],
  ['imap', plain(143)],
  ['imaps', secure(993)],
  ['ldap', plain(389)],
  ['ldaps', secure(636)],
  ['redis', plain(6379)],
  ['rediss', secure(6379)],
  ['amqp', plain(5672)],
  ['amqps', secure(5671)],
  ['mqtt', plain(1883)],
  ['mqtts', secure(8883)],
  ['mongodb', plain(27_017)],
  ['mysql', plain(3306)],
  // These protocols negotiate TLS later.
  ['postgres', plain(5432)],
  ['postgresql', plain(5432)],
]);

/**
 * Parses what people write for a host: `example.com`, `[2001:db8::1]:53`, `https://example.com:8443/path`. The user, path, query and
 * fragment of a URL are ignored.
 *
 * @throws TypeError for a URL with an unknown scheme and no port
 */
export function authorityOf(text: string): Authority {
  const [, name, rest = ''] = /^([a-z][a-z\d+.-]*):\/\/(.*)$/is.exec(text) ?? [];
  if (name === undefined) return hostPort(text);
  const [authority = ''] = rest.split(/[/?#]/);
  const { host, port } = hostPort(authority.slice(authority.lastIndexOf('@') + 1));
  const scheme = SCHEMES.get(name.toLowerCase());
  if (port) return { host, port, ...(scheme && { scheme }) };
  if (!scheme) throw invalidValue('port', `must be given: the port of ${name.toLowerCase()}:// is not known`, text);
  return { host, scheme };
}
