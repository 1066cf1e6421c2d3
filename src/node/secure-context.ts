import tls, { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls';
import { serialize } from 'node:v8';

/** What secure contexts were made of, by the object of options; never a secret. */
const made = new WeakMap<object, { readonly print: Buffer; readonly context: SecureContext }>();

/**
 * The secure context of TLS options. Reading the certificates of `ca` takes about as long as the client's part of a handshake,
 * so that their context is made once for an object of options, for as long as everything in it stays the same.
 *
 * Without `ca`, a context is made for each call: its certificates are Node's own, which a program may replace.
 *
 * @throws what OpenSSL refuses of keys and certificates
 */
export function secureContextOf(options: SecureContextOptions): SecureContext {
  const print = printOf(options);
  if (!print) return createSecureContext(options);
  const known = made.get(options);
  if (known?.print.equals(print)) return known.context;
  const context = createSecureContext(options);
  made.set(options, { print, context });
  return context;
}

/** Equal for options that make equal contexts; `undefined` where that cannot be told, or would mean to copy a secret. */
function printOf(options: SecureContextOptions): Buffer | undefined {
  const { ca, key, pfx, passphrase } = options;
  if (ca === undefined || (key ?? pfx ?? passphrase) !== undefined) return undefined;
  const { DEFAULT_CIPHERS, DEFAULT_ECDH_CURVE, DEFAULT_MIN_VERSION, DEFAULT_MAX_VERSION } = tls;
  const values = Object.entries(options).filter(([, value]) => typeof value !== 'function');
  try {
    return serialize([values, DEFAULT_CIPHERS, DEFAULT_ECDH_CURVE, DEFAULT_MIN_VERSION, DEFAULT_MAX_VERSION]);
  } catch {
    return undefined;
  }
}
