import { invalidType, invalidValue, outOfRange, show } from '../../src/core/input/argument-errors.js';
import { escapeInvisible } from '../../src/core/input/printable.js';
import { reasonOf } from '../../src/core/error-tools.js';
import { connect$ } from '../../src/connect.js';

/** The message with which a call is refused. */
const refusal = (host: unknown, options: object = {}): string => {
  try {
    void connect$(host as string, 443, options as never);
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('it was not refused');
};

const KEY = '-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----';

describe('errors', () => {
  it.each<[string, string]>([
    ['a password beside the host', refusal('user:secret@example.com')],
    ['a password in a URL', refusal('https://user:secret@example.com/')],
    ['a password with an @', refusal('user:sec@secret@example.com')],
    ['a password that is long', refusal(`user:${'secret'.repeat(10)}@example.com`)],
    ['a passphrase among the options of a race', refusal('example.com', { passphrase: 'secret' })],
    ['a session among the options of a race', refusal('example.com', { session: 'secret' })],
    ['a session that is text', refusal('example.com', { tls: { session: 'secret' } })],
    ['a key among the options of a race', refusal('example.com', { key: 'secret' })],
    ['a passphrase under a name that is written in another way', refusal('example.com', { PASSPHRASE: 'secret' })],
    ['a password in the name of an option', refusal('example.com', { 'user:secret@proxy.example': true })],
    ['keys in a list', refusal('example.com', { key: ['secret'] })],
    ['a pfx among the options of a race', refusal('example.com', { pfx: 'secret' })],
    ['a key as the host', refusal(KEY.replace('c2VjcmV0', 'secret'))],
    ['a key as another option', refusal('example.com', { tcp: KEY.replace('c2VjcmV0', 'secret') })],
    ['a password in a list', show(['user:secret@example.com'])],
    [
      'a passphrase that is a number',
      invalidType('options.tls.passphrase', 'of type string', 5313437).message.replace('5313437', 'secret'),
    ],
    ...['passphrase', 'key', 'pfx', 'privateKeyIdentifier', 'ticketKeys'].map((name): [string, string] => [
      `a number that is given to TLS as its ${name}`,
      refusal('example.com', { tls: { key: KEY, [name]: 5313437 } }).replace('5313437', 'secret'),
    ]),
    ['a password in the message of an error', reasonOf(new Error('connect to http://user:secret@proxy.example:3128 failed'))],
  ])('do not show %s', (_, message) => {
    expect(message).not.toContain('secret');
  });

  it('show all else, and which part is left out', () => {
    expect(refusal('user:secret@example.com')).toContain("Received '***@example.com'");
    expect(refusal('https://user:secret@example.com/')).toContain("Received 'https://***@example.com/'");
    expect(refusal('example.com', { passphrase: 'secret' })).toBe('"options.passphrase" is not an option. Received [hidden]');
    expect(outOfRange('options.session', '>= 0', undefined).message).toContain('Received undefined');
    expect(invalidValue('--key', 'cannot be read', 'key.pem').message).toContain("Received 'key.pem'");
    expect(show('a:b')).toBe("'a:b'");
    expect(show('fe80::1@x')).toBe("'***@x'");
    expect(show('me@example.com:25')).toBe("'me@example.com:25'");
    expect(show('https://me@example.com')).toBe("'https://me@example.com'");
    expect(reasonOf(new Error('mail to me@example.com: refused'))).toBe('mail to me@example.com: refused');
  });
});

describe('escapeInvisible', () => {
  it('escapes C1 controls, marks of direction and what cannot be seen, and leaves JSON that means the same', () => {
    const value = { '\u0085': ['\u009b2J', '\u202eabc', '\u2066', '\u200b', '\u2028', '\u{e0001}', '\ud800', 'é\n漢'] };
    const json = escapeInvisible(JSON.stringify(value, undefined, 2));
    expect(json).toMatch(/^[\n\x20-\x7eé漢]*$/);
    expect(JSON.parse(json)).toEqual(value);
  });
});
