import { parseAddress } from '../../src/core/address/address.js';
import {
  ANSWER_KINDS,
  DEFAULT_OPTIONS,
  DEFAULT_PLACE,
  FATE_KINDS,
  MOST_ADDRESSES,
  RANGES,
  RECORD_KINDS,
  stateWith,
  type AnswerState,
  type OptionsState,
  type PlaceState,
  type RecordState,
  type State,
} from './state.js';

// A state as the part of an address behind its #: parameters that can be read, and nothing that is as usual.
//
//     #aaaa=addresses~10~2001:db8::1&a=never~15&at=2001:db8::1~silent~40&connectionAttemptDelay=100

/** The numbers among the options. */
const NUMBERS = [
  'connectionAttemptDelay',
  'connectionAttemptDelayMultiplier',
  'resolutionDelay',
  'firstAddressFamilyCount',
  'maxConcurrentAttempts',
  'connectTimeout',
] as const;

/** A state as text for an address. */
export function encodeState(state: State): string {
  const { aaaa, a, https, places, tls, nat64, options } = state;
  const parameters: [string, string][] = [
    ['aaaa', encodeAnswer(aaaa)],
    ['a', encodeAnswer(a)],
    ...(https.kind === 'off' ? [] : [['https', encodeRecord(https)] as [string, string]]),
    ...Object.entries(places).map(([address, { kind, after, bytes }]): [string, string] => [
      'at',
      [address, kind, after, ...(bytes > 0 ? [bytes] : [])].join('~'),
    ]),
    ...(tls ? [['tls', '1'] as [string, string]] : []),
    ...(nat64 ? [['nat64', '1'] as [string, string]] : []),
    ...Object.entries(options).flatMap(([name, value]): [string, string][] =>
      value === DEFAULT_OPTIONS[name as keyof OptionsState] ? [] : [[name, String(Number(value))]],
    ),
  ];
  return parameters
    .map(([name, value]) => `${name}=${encodeURIComponent(value).replace(/%3A/g, ':').replace(/%2C/g, ',')}`)
    .join('&');
}

function encodeAnswer({ kind, after, addresses }: AnswerState): string {
  return [kind, after, ...addresses].join('~');
}

function encodeRecord({ kind, after, target, port, hints }: RecordState): string {
  return [kind, after, target, port, Number(hints)].join('~');
}

/** The state that a text stands for. Whatever is missing or makes no sense is as usual: an address may come from anybody. */
export function decodeState(text: string): State {
  const parameters = new URLSearchParams(text.replace(/^#/, ''));
  const places: Record<string, PlaceState> = {};
  for (const one of parameters.getAll('at').slice(0, 2 * MOST_ADDRESSES)) {
    const [text = '', kind, after, bytes] = one.split('~');
    const address = parseAddress(text)?.address;
    if (address === undefined || address.includes('%')) continue;
    places[address] = {
      kind: oneOf(FATE_KINDS, kind, DEFAULT_PLACE.kind),
      after: inRange('after', after, DEFAULT_PLACE.after),
      bytes: inRange('bytes', bytes, DEFAULT_PLACE.bytes),
    };
  }
  const usual = stateWith(places);
  const numbers = NUMBERS.map((name) => [name, inRange(name, parameters.get(name), DEFAULT_OPTIONS[name])] as const);
  const preferred = parameters.get('preferFamily');
  return {
    ...usual,
    aaaa: decodeAnswer(parameters.get('aaaa'), 6, usual.aaaa),
    a: decodeAnswer(parameters.get('a'), 4, usual.a),
    https: decodeRecord(parameters.get('https'), usual.https),
    tls: parameters.get('tls') === '1',
    nat64: parameters.get('nat64') === '1',
    options: {
      ...DEFAULT_OPTIONS,
      ...Object.fromEntries(numbers),
      preferFamily: preferred === '4' ? 4 : preferred === '6' ? 6 : 0,
      interleave: parameters.get('interleave') !== '0',
      enabled: parameters.get('enabled') !== '0',
    },
  };
}

function decodeAnswer(text: string | null, family: 4 | 6, usual: AnswerState): AnswerState {
  if (text === null) return usual;
  const [kind, after, ...addresses] = text.split('~');
  const own = addresses.flatMap((one) => {
    const parsed = parseAddress(one);
    return parsed?.family === family && !parsed.address.includes('%') ? [parsed.address] : [];
  });
  return {
    kind: oneOf(ANSWER_KINDS, kind, usual.kind),
    after: inRange('after', after, usual.after),
    addresses: [...new Set(own)].slice(0, MOST_ADDRESSES),
  };
}

/** A name that a record may lead to. */
export const TARGET = /^(?:\.|[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?){1,4})$/;

function decodeRecord(text: string | null, usual: RecordState): RecordState {
  if (text === null) return usual;
  const [kind, after, target = '', port, hints] = text.split('~');
  const number = Number(port);
  return {
    kind: oneOf(RECORD_KINDS, kind, usual.kind),
    after: inRange('after', after, usual.after),
    target: TARGET.test(target) ? target : usual.target,
    port: Number.isInteger(number) && number >= 1 && number <= 65_535 ? number : usual.port,
    hints: hints !== '0',
  };
}

function oneOf<T extends string>(known: readonly T[], text: string | undefined, usual: T): T {
  return known.find((one) => one === text) ?? usual;
}

/** A number, brought into its range. */
function inRange(name: keyof typeof RANGES, text: string | null | undefined, usual: number): number {
  const { min, max } = RANGES[name];
  const number = text === null || text === undefined || text.trim() === '' ? NaN : Number(text);
  if (Number.isNaN(number)) return usual;
  const whole = name === 'connectionAttemptDelayMultiplier' ? number : Math.round(number);
  return Math.min(Math.max(whole, min), max);
}
