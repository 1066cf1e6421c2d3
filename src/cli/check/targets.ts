import { invalidValue, notGiven } from '../../core/input/argument-errors.js';
import { checkHost, checkPort } from '../../plan/options.js';
import { authorityOf, HTTPS_PORT } from '../authority.js';
import { portOf } from '../port.js';

/** A host to be checked. */
export interface Target {
  /** In ASCII, an address without brackets. */
  readonly host: string;
  readonly port: number;
  /** Whether the scheme of a URL implies TLS; absent without a scheme. */
  readonly tls?: boolean;
}

const DIGITS = /^\d+$/;

/**
 * Parses the arguments: hosts or URLs with optional ports, and an optional last port for those that have none.
 *
 * @param port replaces the last port
 * @throws TypeError, RangeError with Node's codes
 */
export function parseTargets(texts: readonly string[], port?: number): readonly Target[] {
  const last = texts.at(-1) ?? '';
  const trailing = DIGITS.test(last) ? last : undefined;
  if (trailing !== undefined && port !== undefined) throw invalidValue('port', 'is given twice', trailing);
  const hosts = trailing === undefined ? texts : texts.slice(0, -1);
  if (hosts.length === 0)
    throw trailing === undefined ? notGiven('host') : invalidValue('host', 'must be given beside the port', last);
  const common = trailing === undefined ? (port ?? HTTPS_PORT) : Number(trailing);
  checkPort(common);
  return hosts.map((text) => {
    const { host, port: own, scheme } = authorityOf(text);
    if (DIGITS.test(host)) throw invalidValue('host', 'must be a name or an address; one port for all goes last', text);
    const ownPort = own === undefined ? (scheme?.port ?? common) : portOf(own);
    const target = { host: checkHost(host), port: ownPort, ...(scheme && { tls: scheme.tls }) };
    checkPort(target.port);
    return target;
  });
}
