import { registering } from './patch.js';
import { races } from './races.js';

/**
 * Lets every socket of this process that connects to a host name do so by a race: those of `net`, `tls`, `http`, `https`, `http2`,
 * of `fetch`, and of the libraries that are made of them. Those for TLS race for a finished handshake. Replaces
 * `net.Socket.prototype.connect`, once; with `lookups` also `dns.lookup` and `dns.promises.lookup`; and nothing else.
 *
 * Called again, by this copy of the package or another, it puts other options in place of those before.
 *
 * @returns ends it: sockets connect as ever from then on; races under way go on
 * @throws TypeError, RangeError for options that make no sense
 */
export const register = registering(races);
