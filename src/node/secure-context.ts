import { createHash } from 'node:crypto';
import tls, { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls';
import { serialize } from 'node:v8';
import { LRUCache } from 'lru-cache';

/** The most contexts that are cached. Each holds its parsed certificates. */
const REMEMBERED = 50;

/** Contexts by their options. None of them contains a private key. */
const contexts = new LRUCache<string, SecureContext>({ max: REMEMBERED });

/** Options that do not affect a context. */
const OF_A_CONNECTION: ReadonlySet<string> = new Set([
  'host',
  'servername',
  'session',
  'ALPNProtocols',
  'checkServerIdentity',
  'rejectUnauthorized',
  'minDHSize',
]);

/**
 * The secure context of TLS options. Parsing the certificates of `ca` takes a third of the time of a handshake, so equal options
 * share one context.
 *
 * Options with a private key get a new context for each call, since the key must not outlive its connection. So do options
 * without `ca`, since a program may replace Node's default certificates.
 *
 * @throws OpenSSL's error for invalid keys and certificates
 */
export function secureContextOf(options: SecureContextOptions): SecureContext {
  const print = printOf(options);
  if (print === undefined) return createSecureContext(options);
  const context = contexts.get(print) ?? createSecureContext(options);
  contexts.set(print, context);
  return context;
}

/** A text that is equal for options with equal contexts; `undefined` if the context must not be shared. */
function printOf(options: SecureContextOptions): string | undefined {
  const { ca, key, pfx, passphrase, privateKeyIdentifier } = options;
  if (ca === undefined || (key ?? pfx ?? passphrase ?? privateKeyIdentifier) !== undefined) return undefined;
  const values = Object.entries(options).filter(([name]) => !OF_A_CONNECTION.has(name));
  const { DEFAULT_CIPHERS, DEFAULT_ECDH_CURVE, DEFAULT_MIN_VERSION, DEFAULT_MAX_VERSION } = tls;
  try {
    const bytes = serialize([values, DEFAULT_CIPHERS, DEFAULT_ECDH_CURVE, DEFAULT_MIN_VERSION, DEFAULT_MAX_VERSION]);
    return createHash('sha256').update(bytes).digest('base64');
  } catch {
    return undefined;
  }
}
