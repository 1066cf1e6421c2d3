/** The protocol of a client. */
export type Spoken = 'socks5' | 'socks4' | 'http';

/** The first byte of a method, or of an empty line before the request (RFC 9112 section 2.2). */
const BEGINS_HTTP = /[A-Za-z\r\n]/;

/**
 * Recognizes the protocol by its first byte: SOCKS begins with its version, HTTP with a method.
 *
 * @returns `undefined` for any other byte, such as the first one of a TLS handshake
 */
export function protocolOf(firstByte: number): Spoken | undefined {
  if (firstByte === 5) return 'socks5';
  if (firstByte === 4) return 'socks4';
  return BEGINS_HTTP.test(String.fromCharCode(firstByte)) ? 'http' : undefined;
}
