/** The parts of a CONNECT request that the proxy uses. */
export interface ConnectHead {
  /** Host and port as the client wrote them. */
  readonly target: string;
  readonly authorization?: string;
  /** Length of the head in bytes. What follows it is for the destination. */
  readonly length: number;
}

/** A head whose field names follow RFC 9110 section 5.6.2 and whose values follow section 5.5, without continued lines. */
const HEAD = /^CONNECT ([\x21-\x7e]+) HTTP\/1\.[01]\r\n((?:[!#$%&'*+.^_`|~\dA-Za-z-]+:[\t\x20-\x7e\x80-\xff]*\r\n)*)\r\n$/;

/** Fields for which Node's HTTP parser has rules: those about a body, and duplicates of the two fields used here. */
const UNUSUAL =
  /^(?:content-length|transfer-encoding|expect|upgrade):|^host:[^]*^host:|^proxy-authorization:[^]*^proxy-authorization:/im;

const AUTHORIZATION = /^proxy-authorization:[\t ]*([^\r]*?)[\t ]*\r$/im;

const BLANK_LINE = Buffer.from('\r\n\r\n');

/**
 * Reads a complete and plain CONNECT request, as nearly all are. Such a connection does not need Node's HTTP server.
 *
 * @returns `undefined` for any other input; Node's HTTP server then decides
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
