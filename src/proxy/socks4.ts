import type { Authority } from './authority.js';
import { complete, INCOMPLETE, malformed, type Parsed } from './parsed.js';

/** Reply codes of SOCKS 4. */
export const SOCKS4_REPLY = Object.freeze({ granted: 0x5a, rejected: 0x5b });

/** A request of SOCKS 4. The user name is not verified, since there is no password. */
export type Socks4Request = Authority & { readonly userId: string };

/** The longest host name or user name, in bytes. */
const LONGEST_TEXT = 255;

/**
 * Parses a request of SOCKS 4 or of SOCKS 4a, which may have a name instead of an address.
 *
 *     04  command  port (2 bytes)  address (4 bytes)  user name  00  [name  00]
 *
 * The name follows if the address is 0.0.0.x and x is not 0.
 */
export function parseSocks4(bytes: Uint8Array): Parsed<Socks4Request> {
  const [version, command] = bytes;
  if (version !== undefined && version !== 4) return malformed('not version 4', SOCKS4_REPLY.rejected);
  if (command !== undefined && command !== 1) return malformed('the only supported command is CONNECT', SOCKS4_REPLY.rejected);
  if (bytes.length < 8) return INCOMPLETE;
  const port = bytes[2]! * 256 + bytes[3]!;
  if (port === 0) return malformed('port 0', SOCKS4_REPLY.rejected);
  const address = bytes.subarray(4, 8);
  const isNamed = address[0] === 0 && address[1] === 0 && address[2] === 0 && address[3] !== 0;
  const userId = terminated(bytes, 8);
  if (userId === 'too long') return malformed('a user name longer than 255 bytes', SOCKS4_REPLY.rejected);
  if (!userId) return INCOMPLETE;
  if (!isNamed) return complete({ host: address.join('.'), port, userId: userId.text }, userId.end);
  const name = terminated(bytes, userId.end);
  if (name === 'too long') return malformed('a name longer than 255 bytes', SOCKS4_REPLY.rejected);
  if (!name) return INCOMPLETE;
  if (name.text === '') return malformed('an empty name', SOCKS4_REPLY.rejected);
  return complete({ host: name.text, port, userId: userId.text }, name.end);
}

/** Reads text up to a zero byte. @returns `undefined` if there is none */
function terminated(bytes: Uint8Array, start: number): { readonly text: string; readonly end: number } | undefined | 'too long' {
  const stop = bytes.indexOf(0, start);
  if ((stop === -1 ? bytes.length : stop) - start > LONGEST_TEXT) return 'too long';
  if (stop === -1) return undefined;
  return { text: Buffer.from(bytes.subarray(start, stop)).toString(), end: stop + 1 };
}

/** The reply to a request. Clients ignore its address. */
export function socks4Reply(code: number): Buffer {
  return Buffer.from([0, code, 0, 0, 0, 0, 0, 0]);
}
