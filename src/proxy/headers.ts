/** Fields that belong to one connection, and to none behind it; RFC 9110 section 7.6.1. */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'transfer-encoding',
  'upgrade',
]);

/** Fields in the order and the case in which they came: name, value, name, value … */
export type RawHeaders = readonly string[];

/** The values of a field, one for each line. */
export function valuesOf(raw: RawHeaders, name: string): string[] {
  return raw.filter((_, i) => i % 2 === 1 && raw[i - 1]!.toLowerCase() === name);
}

/**
 * The fields that are passed on: all but those that belong to the connection, and those that `Connection` names.
 *
 * `Connection: content-length` would change where a body ends, and `Connection: host` where a request goes: such names are ignored.
 */
export function endToEnd(raw: RawHeaders, drop: ReadonlySet<string> = NONE): string[] {
  const named = new Set(
    valuesOf(raw, 'connection')
      .flatMap((value) => value.split(','))
      .map((name) => name.trim().toLowerCase())
      .filter((name) => !FRAMING.has(name)),
  );
  return raw.filter((_, i) => {
    const name = raw[i - (i % 2)]!.toLowerCase();
    return !HOP_BY_HOP.has(name) && !named.has(name) && !drop.has(name);
  });
}

const NONE: ReadonlySet<string> = new Set();
const FRAMING = new Set(['content-length', 'host', 'date']);

/** Whether a message has chunks, and no other transfer coding, which would have to be passed on. */
export function isChunked(transferEncoding: string): boolean {
  return transferEncoding.trim().toLowerCase() === 'chunked';
}

/** The fields behind the body that are passed on: those that change nothing of what came before it. */
export function trailersOf(raw: RawHeaders): [string, string][] {
  const passed = endToEnd(raw, FRAMING);
  return Array.from({ length: passed.length / 2 }, (_, i) => [passed[2 * i]!, passed[2 * i + 1]!]);
}

/** Says that a message has come by way of this proxy; RFC 9110 section 7.6.3. */
export function via(httpVersion: string, pseudonym: string): string {
  return `${httpVersion} ${pseudonym}`;
}

/** Whether a message has come by way of the proxy that is called so. */
export function hasCome(raw: RawHeaders, pseudonym: string): boolean {
  return valuesOf(raw, 'via').some((value) => value.split(',').some((one) => one.trim().split(/\s+/)[1] === pseudonym));
}
