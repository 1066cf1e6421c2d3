import { registering } from './patch.js';
import { races } from './races.js';

/**
 * Makes every socket of this process that connects to a host name do so by a race: sockets of `net`, `tls`, `http`, `https`,
 * `http2` and `fetch`, and of the libraries built on them. TLS sockets race for a finished handshake. Replaces
 * `net.Socket.prototype.connect` once, and with `lookups` also `dns.lookup` and `dns.promises.lookup`, and nothing else.
 *
 * Calling it again, from this copy of the package or another, replaces the options.
 *
 * @returns a function that ends it. Sockets then connect as usual, and races in progress go on
 * @throws TypeError, RangeError for invalid options
 */
export const register = registering(races);
