import tls from 'node:tls';
import { createSessions } from '../../src/connector/tls-sessions.js';
import { createAuthority, type Credentials } from '../support/certificates.js';

let ca: string;
let client: Credentials;

beforeAll(async () => {
  const authority = await createAuthority();
  ({ ca } = authority);
  client = await authority.issue(['client']);
});

const A = 'a.example:443';
const session = (text: string) => Buffer.from(text);

describe('the sessions of a connector', () => {
  it('[T6] are found again by destination, partition and options', () => {
    const sessions = createSessions();
    const of = (destination: string, partition = '', options = {}) => sessions.slot(destination, partition, { ca, ...options });
    of(A).set(session('one'));
    expect(of(A).get()).toEqual(session('one'));
    expect(of('b.example:443').get()).toBeUndefined();
    expect(of(A, 'other').get()).toBeUndefined();
    expect(of(A, '', { maxVersion: 'TLSv1.2' }).get()).toBeUndefined();
    of(A).set(session('two'));
    expect(of(A).get()).toEqual(session('two'));
  });

  it('[T6] tell partitions and destinations apart, whatever is in their names', () => {
    const sessions = createSessions();
    sessions.slot('b:1', 'a" ', { ca }).set(session('one'));
    expect(sessions.slot('" b:1', 'a', { ca }).get()).toBeUndefined();
  });

  it('[T6] are dropped where they are still the latest', () => {
    const slot = createSessions().slot(A, '', { ca });
    const [one, two] = [session('one'), session('two')];
    slot.set(one);
    slot.set(two);
    slot.drop(one);
    expect(slot.get()).toBe(two);
    slot.drop(two);
    expect(slot.get()).toBeUndefined();
  });

  it('[T6] are at most a hundred, the oldest of which goes first', () => {
    const sessions = createSessions();
    for (let i = 0; i <= 100; i++) sessions.slot(`${i}`, '', { ca }).set(session(`${i}`));
    expect(sessions.slot('0', '', { ca }).get()).toBeUndefined();
    expect(sessions.slot('1', '', { ca }).get()).toEqual(session('1'));
  });

  it('[T6] are gone when they are cleared, with those that connections bring later', () => {
    const sessions = createSessions();
    const before = sessions.slot(A, '', { ca });
    before.set(session('one'));
    sessions.clear();
    expect(before.get()).toBeUndefined();
    before.set(session('two'));
    expect(sessions.slot(A, '', { ca }).get()).toBeUndefined();
  });

  it.each<[string, () => void]>([
    ['ciphers', () => (tls.DEFAULT_CIPHERS = 'AES128-SHA')],
    ['oldest version', () => (tls.DEFAULT_MIN_VERSION = 'TLSv1.3')],
    ['latest version', () => (tls.DEFAULT_MAX_VERSION = 'TLSv1.2')],
    ['curves', () => (tls.DEFAULT_ECDH_CURVE = 'P-256')],
  ])('[T6] are others where a program has changed the default %s', (_, change) => {
    const { DEFAULT_CIPHERS, DEFAULT_MIN_VERSION, DEFAULT_MAX_VERSION, DEFAULT_ECDH_CURVE } = tls;
    const sessions = createSessions();
    sessions.slot(A, '', { ca }).set(session('one'));
    change();
    try {
      expect(sessions.slot(A, '', { ca }).get()).toBeUndefined();
    } finally {
      Object.assign(tls, { DEFAULT_CIPHERS, DEFAULT_MIN_VERSION, DEFAULT_MAX_VERSION, DEFAULT_ECDH_CURVE });
    }
    expect(sessions.slot(A, '', { ca }).get()).toEqual(session('one'));
  });

  it('[T6] depend on the environment where the options do not say whether to reject', () => {
    const before = process.env.NODE_TLS_REJECT_UNAUTHORIZED;
    const sessions = createSessions();
    const said = { ca, rejectUnauthorized: true };
    for (const options of [{ ca }, said]) sessions.slot(A, '', options).set(session('one'));
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
    try {
      expect(sessions.slot(A, '', { ca }).get()).toBeUndefined();
      expect(sessions.slot(A, '', said).get()).toEqual(session('one'));
    } finally {
      delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
      if (before !== undefined) process.env.NODE_TLS_REJECT_UNAUTHORIZED = before;
    }
    expect(sessions.slot(A, '', { ca }).get()).toEqual(session('one'));
  });

  describe('where Node tells whom it trusts by default', () => {
    const given = Object.getOwnPropertyDescriptor(tls, 'getCACertificates');
    let list: readonly string[];
    beforeEach(() => {
      list = ['a certificate'];
      Object.defineProperty(tls, 'getCACertificates', { configurable: true, writable: true, value: () => list });
    });
    afterEach(() => {
      if (given) Object.defineProperty(tls, 'getCACertificates', given);
      else delete (tls as { getCACertificates?: unknown }).getCACertificates;
    });

    it('[T6] belong to that', () => {
      const sessions = createSessions();
      const first = list;
      sessions.slot(A, '', {}).set(session('one'));
      expect(sessions.slot(A, '', {}).get()).toEqual(session('one'));
      list = ['a certificate'];
      expect(sessions.slot(A, '', {}).get()).toBeUndefined();
      list = first;
      expect(sessions.slot(A, '', {}).get()).toEqual(session('one'));
    });

    it('[T6] do not depend on it where the options say whom to trust', () => {
      const sessions = createSessions();
      const secureContext = tls.createSecureContext({ ca });
      for (const options of [{ ca }, { secureContext }]) {
        sessions.slot(A, '', options).set(session('one'));
        list = [...list, 'another'];
        expect(sessions.slot(A, '', options).get()).toEqual(session('one'));
      }
    });
  });
});

describe('the secure context of a connection', () => {
  it('[T1] is shared by equal options of one connector', () => {
    const sessions = createSessions();
    const { secureContext } = sessions.slot(A, '', { ca });
    expect(secureContext).toBeDefined();
    expect(sessions.slot('b.example:443', 'other', { ca }).secureContext).toBe(secureContext);
    expect(sessions.slot(A, '', { ca, maxVersion: 'TLSv1.2' }).secureContext).not.toBe(secureContext);
    sessions.clear();
    expect(sessions.slot(A, '', { ca }).secureContext).not.toBe(secureContext);
  });

  it('[T1] is the caller’s, where that is given', () => {
    const secureContext = tls.createSecureContext({ ca });
    expect(createSessions().slot(A, '', { secureContext }).secureContext).toBe(secureContext);
  });

  it.each<[string, () => object]>([
    ['key', () => client],
    ['passphrase', () => ({ passphrase: 'secret' })],
  ])('[T1] is a new one each time where there is a %s', (_, secret) => {
    const sessions = createSessions();
    const [one, other] = [1, 2].map(() => sessions.slot(A, '', { ca, ...secret() }).secureContext);
    expect(one).toBeDefined();
    expect(other).not.toBe(one);
  });

  it('[T1] is at most kept for fifty kinds of options', () => {
    const sessions = createSessions();
    const of = (i: number) => sessions.slot(A, '', { ca, servername: `${i}.example` }).secureContext;
    const first = of(0);
    for (let i = 1; i < 50; i++) of(i);
    expect(of(0)).toBe(first);
    for (let i = 50; i < 100; i++) of(i);
    expect(of(0)).not.toBe(first);
  });
});
