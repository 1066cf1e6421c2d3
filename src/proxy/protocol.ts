/** What a client speaks, as its first byte tells. */
export type Spoken = 'socks5' | 'socks4' | 'http';

/** Letters of methods, and the empty line that may stand before a request (RFC 9112 section 2.2). */
const BEGINS_HTTP = /[A-Za-z\r\n]/;

/**
 * Tells protocols apart by the first byte: SOCKS begins with its version, HTTP with a method.
 *
 * @returns `undefined` for what none of them begins with, as a TLS handshake
 */
export function protocolOf(firstByte: number): Spoken | undefined {
  if (firstByte === 5) return 'socks5';
  if (firstByte === 4) return 'socks4';
  return BEGINS_HTTP.test(String.fromCharCode(firstByte)) ? 'http' : undefined;
}
