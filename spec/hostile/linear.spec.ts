import { parseGaiConf } from '../../src/core/race/gai-conf.js';
import { parseAddress } from '../../src/core/address/address.js';
import { parsePrefix } from '../../src/core/address/prefix-table.js';
import { hostPort } from '../../src/core/input/host-port.js';
import { invalidValue, show } from '../../src/core/input/argument-errors.js';
import { printable } from '../../src/core/input/printable.js';
import { withoutCredentials, withoutSecrets } from '../../src/core/input/secrets.js';
import { serviceRecord } from '../../src/core/race/service-records.js';
import { parseHosts } from '../../src/node/hosts-file.js';
import { parseHostSources } from '../../src/node/nsswitch.js';
import { parseResolvConf } from '../../src/node/resolv-conf.js';
import { checkHost, checkOptions } from '../../src/plan/options.js';
import { pass, policy } from '../../src/policy/index.js';
import { knownAnswers } from '../../src/rx/resolve.js';
import { parseLiteral } from '../../src/core/address/literal.js';
import { parseMarbles, parseSubscription } from '../../src/testing/parse-marbles.js';
import { parseTargets } from '../../src/cli/check/targets.js';
import { expectLinear } from '../support/growth.js';
import { templateOf } from '../support/policies.js';

/** Texts that make backtracking expensive, by what is repeated in them. */
const HOSTILE: Readonly<Record<string, (size: number) => string>> = {
  ':': (size) => ':'.repeat(size),
  '[:::': (size) => `[${':'.repeat(size)}`,
  '[:::]': (size) => `[${':'.repeat(size)}]x`,
  '[': (size) => '['.repeat(size),
  'hosts: [': (size) => `hosts: ${'['.repeat(size)}`,
  '.': (size) => '.'.repeat(size),
  'a.': (size) => 'a.'.repeat(size / 2),
  '1.': (size) => '1.'.repeat(size / 2),
  '1': (size) => '1'.repeat(size),
  ' 1': (size) => ' 1'.repeat(size / 2),
  '%': (size) => '%'.repeat(size),
  '::%a': (size) => `::%${'a'.repeat(size)}!`,
  '/': (size) => '/'.repeat(size),
  '::/': (size) => '::/'.repeat(size / 3),
  '@': (size) => 'a:@'.repeat(size / 3),
  '://': (size) => '://'.repeat(size / 3),
  '://a': (size) => `://${'a'.repeat(size)}`,
  '#': (size) => '#'.repeat(size),
  '(': (size) => '('.repeat(size),
  ' ': (size) => ' '.repeat(size),
  ' a': (size) => ' a'.repeat(size / 2),
  '\\n': (size) => '\n'.repeat(size),
  '\\0': (size) => '\0'.repeat(size),
  'ndots:': (size) => `options ${'ndots:1 '.repeat(size / 8)}`,
  surrogates: (size) => '\ud800'.repeat(size),
  é: (size) => 'é'.repeat(size),
  localhost: (size) => '.localhost'.repeat(size / 10),
};

const attempt = (work: () => unknown) => {
  try {
    work();
  } catch {
    // what is refused must be refused in time as well
  }
};

/** Everything that takes a text from outside. */
const READERS: Readonly<Record<string, (text: string) => unknown>> = {
  'the host of a race': checkHost,
  'an address': parseAddress,
  'an address in brackets': parseLiteral,
  'a host that needs no resolver': (text) => knownAnswers(text),
  'host:port': hostPort,
  'hosts of the command line': (text) => parseTargets([text]),
  'a prefix': parsePrefix,
  'a hosts file': parseHosts,
  'a resolv.conf': (text) => parseResolvConf(text, {}, 'machine'),
  'resolv.conf’s environment': (text) => parseResolvConf('', { LOCALDOMAIN: text, RES_OPTIONS: text }, text),
  'a gai.conf': (text) => parseGaiConf(text),
  'a nsswitch.conf': parseHostSources,
  'the name of an option': (text) => checkOptions({ [text]: 1 }),
  'a value in an error': show,
  'a value that may hold a password': withoutSecrets,
  'a foreign message': withoutCredentials,
  'text for a terminal': printable,
  'a policy template': (text) => policy(templateOf([text])),
  marbles: (text) => parseMarbles('dns.A', text),
  'a subscription in marbles': (text) => parseSubscription('lives', text),
};

describe('text from outside', () => {
  it.each(Object.keys(READERS))('is read in time that grows with its length: %s', (reader) => {
    for (const [what, text] of Object.entries(HOSTILE)) {
      try {
        expectLinear((size) => {
          attempt(() => READERS[reader]!(text(size)));
        }, 60_000);
      } catch (error) {
        throw new Error(`${what}: ${(error as Error).message}`, { cause: error });
      }
    }
  });

  it('of 64,000 colons is refused as a host before it is looked at', () => {
    expect(() => checkHost(':'.repeat(64_000))).toThrow('has over 253 characters');
    expect(parseAddress(':'.repeat(64_000))).toBeUndefined();
    expect(parseLiteral(`[${':'.repeat(64_000)}]`)).toBeUndefined();
  });
});

describe('files and messages of many parts', () => {
  it('20,000 lines of one name in the hosts file', () => {
    expectLinear((size) => parseHosts(Array.from({ length: size }, (_, i) => `192.0.2.${i % 250} one.test`).join('\n')), 20_000);
  });

  it('a line of 20,000 names in the hosts file', () => {
    expectLinear((size) => parseHosts(`192.0.2.1 ${'one.test '.repeat(size)}`), 20_000);
  });

  it('20,000 lines of the other files', () => {
    expectLinear(
      (size) => parseResolvConf('nameserver 192.0.2.1\nsearch a b c\noptions ndots:2\n'.repeat(size), {}, 'm'),
      20_000,
    );
    expectLinear((size) => parseGaiConf('label ::/0 1\nprecedence ::/0 4\nscopev4 10.0.0.0/8 2\n'.repeat(size)), 20_000);
    expectLinear((size) => parseHostSources('# hosts: files\nhosts: files [ dns\n'.repeat(size)), 20_000);
  });

  it('a service record of 64 kB', () => {
    const record = (key: number, value: Buffer) => {
      const head = Buffer.from([0, 1, 0, 0, key, value.length >> 8, value.length & 0xff]);
      return Buffer.concat([head, value]);
    };
    expectLinear((size) => attempt(() => serviceRecord(record(1, Buffer.alloc(size, Buffer.from([1, 0x61]))))), 60_000);
    expectLinear((size) => attempt(() => serviceRecord(record(4, Buffer.alloc(size)))), 60_000);
    expectLinear((size) => attempt(() => serviceRecord(record(0, Buffer.alloc(size)))), 60_000);
    // The target's labels of one character.
    expectLinear((size) => attempt(() => serviceRecord(Buffer.alloc(size, Buffer.from([1, 0x61])))), 60_000);
  });

  it('a policy template of 4,000 operands', () => {
    const template = (size: number, sign: string) => Array.from({ length: size + 1 }, (_, i) => (i > 0 && i < size ? sign : ''));
    for (const sign of [' | ', ' & ', ' + ']) {
      expectLinear((size) => {
        attempt(() => policy(templateOf(template(size, sign)), ...Array.from({ length: size }, () => pass)));
      }, 4000);
    }
  });
});

describe('errors', () => {
  it('show the beginning of long values and names alone', () => {
    const long = 'a'.repeat(1_000_000);
    expect(invalidValue(long, 'is long', [long, [[long]]]).message.length).toBeLessThan(500);
    expect(show(10n ** 1000n).length).toBeLessThan(100);
  });

  it('show lists in lists, and a list in itself, without going into them', () => {
    const circular: unknown[] = [];
    circular.push(circular);
    expect(show(circular)).toBe('[[…]]');
    let deep: unknown[] = [];
    for (let i = 0; i < 50_000; i++) deep = [deep];
    expect(show(deep)).toBe('[[…]]');
  });
});
