import tls from 'node:tls';
import { secureContextOf } from '../../src/node/secure-context.js';
import { createAuthority, type Authority } from '../support/certificates.js';

let authority: Authority;
let ca: string;

beforeAll(async () => {
  authority = await createAuthority();
  ca = authority.ca;
});

describe('secureContextOf', () => {
  it('[T1] shares a context between equal options, whatever they say of the connection', () => {
    const context = secureContextOf({ ca });
    expect(secureContextOf({ ca })).toBe(context);
    expect(secureContextOf({ ca, servername: 'other.example', checkServerIdentity: () => undefined } as object)).toBe(context);
    expect(secureContextOf({ ca: [ca] })).not.toBe(context);
    expect(secureContextOf({ ca, minVersion: 'TLSv1.3' })).not.toBe(context);
  });

  it('[T1] makes another once the options have changed', async () => {
    const options = { ca: [Buffer.from(ca)] };
    const context = secureContextOf(options);
    expect(secureContextOf(options)).toBe(context);
    options.ca.push(Buffer.from((await createAuthority()).ca));
    expect(secureContextOf(options)).not.toBe(context);
    options.ca.pop();
    expect(secureContextOf(options)).toBe(context);
    options.ca[0]!.fill(' ');
    expect(secureContextOf(options)).not.toBe(context);
  });

  it('[T1] makes another once the defaults of Node have changed', () => {
    const context = secureContextOf({ ca });
    const before = tls.DEFAULT_MIN_VERSION;
    tls.DEFAULT_MIN_VERSION = 'TLSv1.3';
    expect(secureContextOf({ ca })).not.toBe(context);
    tls.DEFAULT_MIN_VERSION = before;
    expect(secureContextOf({ ca })).toBe(context);
  });

  it('[T1] shares none that holds a private key, or the certificates of Node', async () => {
    const { key, cert } = await authority.issue(['client.example']);
    expect(secureContextOf({ ca, key, cert })).not.toBe(secureContextOf({ ca, key, cert }));
    expect(secureContextOf({})).not.toBe(secureContextOf({}));
  });

  it('[T1] passes on what OpenSSL refuses, each time', () => {
    const make = () => secureContextOf({ ca, ciphers: 'NONSENSE' });
    expect(make).toThrow(expect.objectContaining({ code: 'ERR_SSL_NO_CIPHER_MATCH' }));
    expect(make).toThrow(expect.objectContaining({ code: 'ERR_SSL_NO_CIPHER_MATCH' }));
  });
});
