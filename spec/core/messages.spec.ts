import {
  invalidAddress,
  invalidReturn,
  invalidType,
  invalidValue,
  outOfRange,
  show,
} from '../../src/core/input/argument-errors.js';
import {
  boolean,
  callable,
  checkEach,
  given,
  integer,
  number,
  oneOf,
  oneOrMore,
  orInfinity,
  scheduler,
  string,
  type Check,
} from '../../src/core/input/checks.js';
import { normalName } from '../../src/core/input/host-name.js';
import { printable, printableAscii } from '../../src/core/input/printable.js';
import { withoutCredentials, withoutSecrets } from '../../src/core/input/secrets.js';
import { combinedError } from '../../src/core/combined-error.js';
import { causesOf, errorCode, flatten, reasonOf, toError } from '../../src/core/error-tools.js';
import { formatDuration } from '../../src/core/format-duration.js';
import { remembered } from '../../src/core/remembered.js';

/** What a check says of a value, with its code; nothing of one that is good. */
function verdict(check: Check, value: unknown): string {
  try {
    check('x', value);
    return '';
  } catch (error) {
    const { name, code, message } = error as Error & { code: string };
    return `${name} ${code}: ${message}`;
  }
}

const TYPE = 'TypeError ERR_INVALID_ARG_TYPE: "x" must be';
const VALUE = 'TypeError ERR_INVALID_ARG_VALUE: "x"';
const RANGE = 'RangeError ERR_OUT_OF_RANGE: The value of "x" is out of range. It must be';

describe('what checks say', () => {
  it.each<[string, Check, unknown, string]>([
    ['one of some texts', oneOf('a', 'b'), 'b', ''],
    ['none of them', oneOf('a', 'b'), 'c', `${VALUE} must be one of: a, b. Received 'c'`],
    ['another type', oneOf('a', 'b'), 1, `${TYPE} of type string. Received 1`],
    ['one of some numbers', oneOf(0, 4, 6), '4', `${TYPE} of type number. Received '4'`],
    ['the least number', number(1, 9), 1, ''],
    ['the most', number(1, 9), 9, ''],
    ['a number under the least', number(1, 9), 0.9, `${RANGE} >= 1 and <= 9. Received 0.9`],
    ['a number over the most', number(1, 9), 9.1, `${RANGE} >= 1 and <= 9. Received 9.1`],
    ['not a number', number(1, 9), NaN, `${RANGE} >= 1 and <= 9. Received NaN`],
    ['a number without a most', number(1, Number.MAX_SAFE_INTEGER), 0, `${RANGE} >= 1. Received 0`],
    ['text for a number', number(1, 9), '1', `${TYPE} of type number. Received '1'`],
    ['a whole number', integer(1, 9), 2, ''],
    ['a fraction', integer(1, 9), 2.5, `${RANGE} an integer. Received 2.5`],
    ['Infinity where there may be none', orInfinity(number(1, 9)), Infinity, ''],
    ['less than that', orInfinity(number(1, 9)), 10, `${RANGE} >= 1 and <= 9. Received 10`],
    ['one', oneOrMore(string), 'a', ''],
    ['more', oneOrMore(string), ['a', 'b'], ''],
    ['an empty list', oneOrMore(string), [], `${VALUE} must not be empty. Received []`],
    ['one in a list', oneOrMore(string), ['a', 1], `${TYPE} of type string. Received 1`],
    ['true', boolean, true, ''],
    ['what is like true', boolean, 1, `${TYPE} of type boolean. Received 1`],
    ['text', string, '', ''],
    ['no text', string, null, `${TYPE} of type string. Received null`],
    ['a function', callable, () => 0, ''],
    ['no function', callable, {}, `${TYPE} a function. Received [object Object]`],
    ['a scheduler', scheduler, { now: () => 0, schedule: () => 0 }, ''],
    ['half of one', scheduler, { now: () => 0 }, `${TYPE} an RxJS scheduler. Received [object Object]`],
    ['the other half', scheduler, { schedule: () => 0 }, `${TYPE} an RxJS scheduler. Received [object Object]`],
    ['no object', scheduler, null, `${TYPE} an RxJS scheduler. Received null`],
  ])('of %s', (_, check, value, said) => {
    expect(verdict(check, value)).toBe(said);
  });

  it.each<[string, unknown, string]>([
    ['options that are good', { a: 'x' }, ''],
    ['options that are not given', { a: undefined, c: undefined }, ''],
    ['one that is wrong', { a: 1 }, 'TypeError ERR_INVALID_ARG_TYPE: "x.a" must be of type string. Received 1'],
    ['one that there is not', { c: 1 }, 'TypeError ERR_INVALID_ARG_VALUE: "x.c" is not an option. Received 1'],
    ['one that all objects have', { toString: 1 }, 'TypeError ERR_INVALID_ARG_VALUE: "x.toString" is not an option. Received 1'],
    ['a list', ['a'], `${TYPE} an object. Received ['a']`],
    ['nothing', null, `${TYPE} an object. Received null`],
  ])('of %s', (_, options, said) => {
    expect(verdict((name, value) => checkEach(name, value, { a: string, b: string }), options)).toBe(said);
  });

  it.each([
    ['conectionAttemptDelay', '. Did you mean connectionAttemptDelay?'],
    ['connectTimeOut', '. Did you mean connectTimeout?'],
    ['tsl', '. Did you mean tls?'],
    ['delay', ''],
    ['x'.repeat(100_000), ''],
  ])('suggests the option that a misspelt one resembles', (misspelt, suggestion) => {
    const checks = { connectionAttemptDelay: string, connectTimeout: string, tls: string };
    const said = verdict((name, value) => checkEach(name, value, checks), { [misspelt]: 5 });
    expect(said.split('Received 5')[1]).toBe(suggestion);
  });

  it('leaves out what is not given', () => {
    expect(given({ a: undefined, b: null, c: 0 })).toStrictEqual({ b: null, c: 0 });
  });

  it('has the codes of Node', () => {
    expect(invalidAddress('x', 'must be an IP address', 'y')).toMatchObject({
      name: 'TypeError',
      code: 'ERR_INVALID_IP_ADDRESS',
      message: `"x" must be an IP address. Received 'y'`,
    });
    expect(invalidReturn('x', 'a stream', 1)).toMatchObject({
      name: 'TypeError',
      code: 'ERR_INVALID_RETURN_VALUE',
      message: '"x" must return a stream. Received 1',
    });
  });
});

describe('what messages show of a value', () => {
  class Named {
    readonly x = 1;
  }

  it.each<[string, unknown, string]>([
    ['text', "it's", "'it's'"],
    ['text that a terminal would act on', '\u001b[2J\n', "'\\u001b[2J\\n'"],
    ['text of 78 characters', 'x'.repeat(78), `'${'x'.repeat(78)}'`],
    ['text of 79', 'x'.repeat(79), `'${'x'.repeat(79)}…`],
    ['a function', Named, 'function Named'],
    ['a function with a name that a terminal would act on', { '\u001b': () => 0 }['\u001b'], 'function \\u001b'],
    ['a function with a long name', { ['f'.repeat(200)]: () => 0 }['f'.repeat(200)], `function ${'f'.repeat(71)}…`],
    ['a list', [1, 'a', null, undefined, [2]], "[1, 'a', null, undefined, […]]"],
    ['a list of many', Array.from({ length: 1000 }, () => 7), `[${'7, '.repeat(26)}7…`],
    ['an object', new Named(), '[object Object]'],
    ['bytes', new Uint8Array(9), '[object Uint8Array]'],
    ['a number', -0.5, '-0.5'],
    ['a large number', 10n ** 100n, `1${'0'.repeat(79)}…`],
    ['a symbol', Symbol('s'), 'Symbol(s)'],
    ['nothing', undefined, 'undefined'],
  ])('%s', (_, value, shown) => {
    expect(show(value)).toBe(shown);
  });

  it('names an option in 200 characters', () => {
    expect(invalidValue('x'.repeat(200), 'is wrong', 1).message).toBe(`"${'x'.repeat(200)}" is wrong. Received 1`);
    expect(outOfRange('x'.repeat(201), '> 1', 1).message).toContain(`"${'x'.repeat(200)}…" is out of range`);
  });

  it.each(['secret', 5313437, 5313437n, Symbol('secret'), ['secret']])('not of a secret: %p', (value) => {
    expect(invalidType('options.tls.passphrase', 'text', value).message).toBe(
      '"options.tls.passphrase" must be text. Received [hidden]',
    );
  });

  it.each([true, null, undefined, {}])('of what cannot be one: %p', (value) => {
    expect(invalidType('options.key', 'text', value).message).toContain(`Received ${show(value)}`);
  });
});

describe('text of others', () => {
  it.each<[string, string, string]>([
    ['line ends and tabs', '\n\r\t', '\\n\\r\\t'],
    ['control characters', '\0\u001b\u007f\u009b', '\\u0000\\u001b\\u007f\\u009b'],
    ['what cannot be seen, or turns text', '\u200b\u202e\u2028\u2029', '\\u200b\\u202e\\u2028\\u2029'],
    ['what is beyond the first plane', '\u{e0001}', '\\u{e0001}'],
    ['all else', 'é漢🇪🇺 "\\', 'é漢🇪🇺 "\\'],
  ])('is printable: %s', (_, text, shown) => {
    expect(printable(text)).toBe(shown);
  });

  it('is ASCII where that is wanted', () => {
    expect(printableAscii('é漢🇪\n~ ')).toBe('\\u00e9\\u6f22\\u{1f1ea}\\n~ ');
  });

  it.each<[string, string]>([
    ['user:secret@host', '***@host'],
    [':secret@host', '***@host'],
    ['user:@host', '***@host'],
    ['https://user:secret@host/', 'https://***@host/'],
    ['https://user@host', 'https://user@host'],
    ['user@host:25', 'user@host:25'],
    ['host:25', 'host:25'],
    ['user@host', 'user@host'],
    ['-----BEGIN PRIVATE KEY-----', '[private key]'],
    ['user:secret@https://host', '***@https://host'],
  ])('%s is shown as %s', (text, shown) => {
    expect(withoutSecrets(text)).toBe(shown);
  });

  it('tells of URLs without who may see them', () => {
    expect(withoutCredentials('http://me:secret@a.example/ and ftp://you@b.example, x@y')).toBe(
      'http://***@a.example/ and ftp://***@b.example, x@y',
    );
    expect(withoutCredentials('http://a.example/x@y?z@')).toBe('http://a.example/x@y?z@');
  });

  it('of names is compared without regard to case and to the last dot alone', () => {
    expect(['Example.COM.', 'example.com', 'a..', '.'].map(normalName)).toEqual(['example.com', 'example.com', 'a.', '']);
  });

  it('is remembered up to 300 characters', () => {
    const workOut = jest.fn((text: string) => text.length);
    const recall = remembered(workOut);
    for (const length of [300, 300, 301, 301]) expect(recall('x'.repeat(length))).toBe(length);
    expect(workOut).toHaveBeenCalledTimes(3);
  });
});

describe('errors of others', () => {
  const coded = (code: unknown, message = 'why', more: object = {}) => Object.assign(new Error(message), { code, ...more });

  it('are errors whatever was thrown', () => {
    const foreign = { [Symbol.toStringTag]: 'DOMException', message: 'gone' };
    expect(toError(foreign)).toBe(foreign);
    expect(toError(undefined)).toMatchObject({ message: 'undefined was thrown, which is not an Error', cause: undefined });
    expect(toError({ a: 1 })).toMatchObject({ message: '[object Object] was thrown, which is not an Error', cause: { a: 1 } });
    expect(toError('text').message).toBe('text was thrown, which is not an Error');
  });

  it('have a code where that is text', () => {
    expect([coded('ECODE'), coded(404), new Error('none'), undefined].map(errorCode)).toEqual([
      'ECODE',
      undefined,
      undefined,
      undefined,
    ]);
  });

  it.each<[Error, string]>([
    [coded('ECONNREFUSED'), 'ECONNREFUSED'],
    [coded('ERR_IP_BLOCKED'), 'blocked'],
    [coded('ERR_SSL_WRONG_VERSION_NUMBER', 'long', { reason: 'wrong version number' }), 'TLS: wrong version number'],
    [coded('ERR_SSL_X', 'long', { reason: 1 }), 'long'],
    [coded('ECONNRESET', 'long', { reason: 'wrong version number' }), 'ECONNRESET'],
    [coded('ERR_OF_NODE', ''), 'ERR_OF_NODE'],
    [coded('ERR_OF_NODE'), 'why'],
    [new Error('why'), 'why'],
    [Object.assign(new Error(), { message: 7 }), 'Error'],
    [new TypeError(''), 'TypeError'],
  ])('say why: %p', (error, reason) => {
    expect(reasonOf(error)).toBe(reason);
  });

  it('are taken out of each other in order', () => {
    const [a, b, c] = ['a', 'b', 'c'].map((message) => new Error(message)) as [Error, Error, Error];
    const inner = new AggregateError([b, c]);
    const whole = new AggregateError([a, inner]);
    expect(flatten(whole)).toEqual([a, b, c]);
    expect(causesOf(whole)).toEqual([a, b, c]);
    expect(flatten(a)).toEqual([a]);
    const empty = new AggregateError([]);
    expect(causesOf(empty)).toEqual([empty]);
    expect(flatten(empty)).toEqual([]);
    whole.errors.push(whole);
    expect(flatten(whole)).toEqual([a, b, c, whole]);
  });

  it('are in one message, 20 of them one by one', () => {
    const some = Array.from({ length: 20 }, (_, i) => coded(`E${i}`));
    expect(combinedError('all', some.slice(0, 2))).toMatchObject({ message: 'all: E0; E1', errors: some.slice(0, 2) });
    expect(combinedError('all', some).message).not.toContain('more');
    expect(combinedError('all', [...some, coded('ELAST')]).message).toMatch(/E19; and 1 more$/);
  });

  it('have durations in whole ms', () => {
    expect([0, 1.5, 249.4].map(formatDuration)).toEqual(['0 ms', '2 ms', '249 ms']);
  });
});
