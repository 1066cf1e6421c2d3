import { createHash } from 'node:crypto';
import tls, { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls';
import { serialize } from 'node:v8';
import { LRUCache } from 'lru-cache';

/** How many contexts are remembered; each holds its parsed certificates. */
const REMEMBERED = 50;

/** Contexts by what they were made of. None of them holds a secret. */
const contexts = new LRUCache<string, SecureContext>({ max: REMEMBERED });

/** Options that say nothing of a context. */
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
 * The secure context of TLS options. Parsing the certificates of `ca` takes a third as long as a handshake, so equal options
 * share one context.
 *
 * A new context is made for each call where there is a private key, which must not outlive its connection, and without `ca`:
 * the certificates are Node's own then, which a program may replace.
 *
 * @throws what OpenSSL refuses of keys and certificates
 */
export function secureContextOf(options: SecureContextOptions): SecureContext {
  const print = printOf(options);
  if (print === undefined) return createSecureContext(options);
  const context = contexts.get(print) ?? createSecureContext(options);
  contexts.set(print, context);
  return context;
}

/** Equal for options that make equal contexts; `undefined` where contexts are not shared, or that cannot be told. */
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
