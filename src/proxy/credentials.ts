import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { GivenCredentials } from './socks5.js';

/** Tells whether a client knows a password. */
export type Verify = (given: GivenCredentials) => boolean;

/**
 * Compares credentials in a time that does not depend on them: hashes are compared, and all of them, so that neither the length
 * of a password, nor how much of it is right, nor whether there is such a user, can be measured.
 *
 * @param known `name:password`, each
 */
export function verifier(known: readonly string[]): Verify {
  const key = randomBytes(32);
  const hash = (text: string) => createHmac('sha256', key).update(text).digest();
  const hashes = known.map(hash);
  return ({ username, password }) => {
    // A name with a colon could be split at another place.
    const given = hash(username.includes(':') ? '' : `${username}:${password}`);
    return hashes.reduce((found, one) => timingSafeEqual(one, given) || found, false);
  };
}

/** The name and the password in a field `Proxy-Authorization`; RFC 7617. */
export function parseBasic(field: string | undefined): GivenCredentials | undefined {
  const [, encoded] = /^Basic +([A-Za-z\d+/]+={0,2}) *$/i.exec(field ?? '') ?? [];
  if (encoded === undefined) return undefined;
  const decoded = Buffer.from(encoded, 'base64').toString();
  const colon = decoded.indexOf(':');
  return colon === -1 ? undefined : { username: decoded.slice(0, colon), password: decoded.slice(colon + 1) };
}
