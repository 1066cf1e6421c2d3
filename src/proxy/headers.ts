/** Fields that apply to one connection only; RFC 9110 section 7.6.1. */
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

/** Fields in their original order and case: name, value, name, value … */
export type RawHeaders = readonly string[];

/** The values of a field, one per line. */
export function valuesOf(raw: RawHeaders, name: string): string[] {
  return raw.filter((_, i) => i % 2 === 1 && raw[i - 1]!.toLowerCase() === name);
}

/**
 * The fields that are passed on: all except those of the connection and those that `Connection` names.
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

/** Whether `chunked` is the only transfer coding. Others would have to be passed on. */
export function isChunked(transferEncoding: string): boolean {
  return transferEncoding.trim().toLowerCase() === 'chunked';
}

/** The trailer fields that are passed on: those that do not change how the message is read. */
export function trailersOf(raw: RawHeaders): [string, string][] {
  const passed = endToEnd(raw, FRAMING);
  return Array.from({ length: passed.length / 2 }, (_, i) => [passed[2 * i]!, passed[2 * i + 1]!]);
}

/** The value of `Via` that this proxy adds; RFC 9110 section 7.6.3. */
export function via(httpVersion: string, pseudonym: string): string {
  return `${httpVersion} ${pseudonym}`;
}

/** Whether a message has already passed through the proxy of this name. */
export function hasCome(raw: RawHeaders, pseudonym: string): boolean {
  return valuesOf(raw, 'via').some((value) => value.split(',').some((one) => one.trim().split(/\s+/)[1] === pseudonym));
}
