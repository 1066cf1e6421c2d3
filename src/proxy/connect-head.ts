/** A request for a tunnel, as far as it matters. */
export interface ConnectHead {
  /** Host and port, as written. */
  readonly target: string;
  readonly authorization?: string;
  /** Bytes of the head; what follows is for the destination. */
  readonly length: number;
}

/** Fields with a name of RFC 9110 section 5.6.2 and a value of section 5.5, none of which is continued in the next line. */
const HEAD = /^CONNECT ([\x21-\x7e]+) HTTP\/1\.[01]\r\n((?:[!#$%&'*+.^_`|~\dA-Za-z-]+:[\t\x20-\x7e\x80-\xff]*\r\n)*)\r\n$/;

/** What makes a difference: other fields than a host and a password, and two of those. */
const UNUSUAL =
  /^(?:content-length|transfer-encoding|expect|upgrade):|^host:[^]*^host:|^proxy-authorization:[^]*^proxy-authorization:/im;

const AUTHORIZATION = /^proxy-authorization:[\t ]*([^\r]*?)[\t ]*\r$/im;

const BLANK_LINE = Buffer.from('\r\n\r\n');

/**
 * Reads a request for a tunnel that is as nearly all of them are: whole, in one piece, and beyond doubt. It saves such a connection
 * a server of HTTP.
 *
 * @returns `undefined` for everything else, malformed or not
 */
export function readConnectHead(bytes: Buffer, maxSize: number): ConnectHead | undefined {
  if (bytes[0] !== 0x43) return undefined; // C
  const blank = bytes.indexOf(BLANK_LINE);
  const length = blank + BLANK_LINE.length;
  if (blank === -1 || length > maxSize) return undefined;
  const [, target, fields] = HEAD.exec(bytes.toString('latin1', 0, length)) ?? [];
  if (target === undefined || fields === undefined || UNUSUAL.test(fields)) return undefined;
  const authorization = AUTHORIZATION.exec(fields)?.[1];
  return { target, length, ...(authorization !== undefined && { authorization }) };
}
