import 'reflect-metadata';
import {
  BasicConstraintsExtension,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
  type JsonGeneralNames,
  type X509Certificate,
} from '@peculiar/x509';
import { isIP } from 'node:net';
import { webcrypto, KeyObject } from 'node:crypto';

/** A certificate and its key as Node's TLS takes them, in PEM. */
export interface Credentials {
  readonly cert: string;
  readonly key: string;
}

/** Whoever signs the certificates of a spec. */
export interface Authority {
  /** Its own certificate, in PEM: the `ca` of those who trust it. */
  readonly ca: string;
  /** Signs a certificate for names and addresses. */
  readonly issue: (names: readonly string[], validity?: { readonly expired: boolean }) => Promise<Credentials>;
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const DAY = 86_400_000;

/** Makes an authority with a key of its own. */
export async function createAuthority(name = 'An Authority'): Promise<Authority> {
  const keys = await generateKeys();
  const root = await X509CertificateGenerator.createSelfSigned(
    { name: `CN=${name}`, keys, ...valid(), signingAlgorithm: ALGORITHM, extensions: [new BasicConstraintsExtension(true)] },
    webcrypto,
  );
  return {
    ca: root.toString('pem'),
    issue: (names, validity) => issue(root, keys.privateKey, names, validity),
  };
}

async function issue(
  root: X509Certificate,
  signingKey: webcrypto.CryptoKey,
  names: readonly string[],
  { expired } = { expired: false },
): Promise<Credentials> {
  const keys = await generateKeys();
  const alternatives: JsonGeneralNames = names.map((value) => ({ type: isIP(value) ? 'ip' : 'dns', value }));
  const certificate = await X509CertificateGenerator.create(
    {
      subject: `CN=${names[0]}`,
      issuer: root.subject,
      publicKey: keys.publicKey,
      signingKey,
      signingAlgorithm: ALGORITHM,
      ...valid(expired ? -2 : 0),
      extensions: [new SubjectAlternativeNameExtension(alternatives)],
    },
    webcrypto,
  );
  const key = KeyObject.from(keys.privateKey).export({ type: 'pkcs8', format: 'pem' });
  return { cert: certificate.toString('pem'), key: key.toString() };
}

async function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
}

/** For two days around now, or around another day. */
function valid(days = 0): { readonly notBefore: Date; readonly notAfter: Date } {
  const middle = Date.now() + days * DAY;
  return { notBefore: new Date(middle - DAY), notAfter: new Date(middle + DAY) };
}
