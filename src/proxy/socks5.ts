import type { Authority } from './authority.js';
import { complete, INCOMPLETE, malformed, type Parsed } from './parsed.js';

/** Authentication methods; RFC 1928 section 3. */
export const METHOD = Object.freeze({ none: 0x00, password: 0x02, unacceptable: 0xff });

/** Reply codes; RFC 1928 section 6. */
export const REPLY = Object.freeze({
  succeeded: 0x00,
  generalFailure: 0x01,
  notAllowed: 0x02,
  networkUnreachable: 0x03,
  hostUnreachable: 0x04,
  connectionRefused: 0x05,
  ttlExpired: 0x06,
  commandNotSupported: 0x07,
  addressTypeNotSupported: 0x08,
});

const VERSION = 5;
const CONNECT = 1;

/**
 * Parses the authentication methods that a client offers.
 *
 *     05  n  method × n
 */
export function parseGreeting(bytes: Uint8Array): Parsed<readonly number[]> {
  if (bytes.length > 0 && bytes[0] !== VERSION) return malformed('not version 5');
  if (bytes.length > 1 && bytes[1] === 0) return malformed('no authentication method was offered');
  const length = 2 + (bytes[1] ?? 0);
  if (bytes.length < 2 || bytes.length < length) return INCOMPLETE;
  return complete([...bytes.subarray(2, length)], length);
}

/** A user name and password as the client sent them. */
export interface GivenCredentials {
  readonly username: string;
  readonly password: string;
}

/**
 * Parses a user name and password; RFC 1929.
 *
 *     01  n  username  m  password
 */
export function parseCredentials(bytes: Uint8Array): Parsed<GivenCredentials> {
  if (bytes.length > 0 && bytes[0] !== 1) return malformed('the version of the user name and password is not 1');
  const username = counted(bytes, 1);
  const password = username && counted(bytes, username.end);
  if (!password) return INCOMPLETE;
  return complete({ username: username.text, password: password.text }, password.end);
}

/**
 * Parses the destination of a request.
 *
 *     05  command  00  type  address  port (2 bytes)
 *
 * Types: 01 IPv4 (4 bytes), 03 a name (length, bytes), 04 IPv6 (16 bytes).
 */
export function parseRequest(bytes: Uint8Array): Parsed<Authority> {
  const [version, command, reserved, type] = bytes;
  if (version !== undefined && version !== VERSION) return malformed('not version 5', REPLY.generalFailure);
  if (command !== undefined && command !== CONNECT)
    return malformed('the only supported command is CONNECT', REPLY.commandNotSupported);
  if (reserved !== undefined && reserved !== 0) return malformed('the reserved byte is not 0', REPLY.generalFailure);
  if (type === undefined) return INCOMPLETE;
  const host = addressAt(bytes, type);
  if (host === 'unknown') return malformed('an unknown type of address', REPLY.addressTypeNotSupported);
  if (host?.text === '') return malformed('an empty name', REPLY.generalFailure);
  if (!host || bytes.length < host.end + 2) return INCOMPLETE;
  const port = bytes[host.end]! * 256 + bytes[host.end + 1]!;
  if (port === 0) return malformed('port 0', REPLY.generalFailure);
  return complete({ host: host.text, port }, host.end + 2);
}

/** A text and the position after it. */
interface Piece {
  readonly text: string;
  readonly end: number;
}

const FIRST = 4;

/** @returns `undefined` if bytes are missing */
function addressAt(bytes: Uint8Array, type: number): Piece | undefined | 'unknown' {
  if (type === 3) return counted(bytes, FIRST);
  const length = type === 1 ? 4 : type === 4 ? 16 : 0;
  if (length === 0) return 'unknown';
  const end = FIRST + length;
  if (bytes.length < end) return undefined;
  const address = bytes.subarray(FIRST, end);
  return { text: length === 4 ? address.join('.') : ipv6(address), end };
}

function ipv6(bytes: Uint8Array): string {
  return Array.from({ length: 8 }, (_, i) => (bytes[2 * i]! * 256 + bytes[2 * i + 1]!).toString(16)).join(':');
}

/** Reads a text that follows its length. */
function counted(bytes: Uint8Array, at: number): Piece | undefined {
  const length = bytes[at];
  if (length === undefined || bytes.length < at + 1 + length) return undefined;
  const end = at + 1 + length;
  return { text: Buffer.from(bytes.subarray(at + 1, end)).toString(), end };
}

export function methodReply(method: number): Buffer {
  return Buffer.from([VERSION, method]);
}

export function credentialsReply(accepted: boolean): Buffer {
  return Buffer.from([1, accepted ? 0 : 1]);
}

/**
 * The reply to a request.
 *
 * @param local the local address (4 or 16 bytes) and port of the connection to the destination; default 0.0.0.0:0
 */
export function requestReply(code: number, local: { readonly address: Uint8Array; readonly port: number } = NOWHERE): Buffer {
  const { address, port } = local;
  return Buffer.from([VERSION, code, 0, address.length === 16 ? 4 : 1, ...address, port >> 8, port & 0xff]);
}

const NOWHERE = { address: new Uint8Array(4), port: 0 };
