import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { GivenCredentials } from './socks5.js';

/** Returns whether credentials are correct. */
export type Verify = (given: GivenCredentials) => boolean;

/**
 * Compares credentials in constant time. It compares the hash with every known one. The time therefore reveals neither the length of
 * a password, nor how much of it is right, nor whether the user exists.
 *
 * @param known each is `name:password`
 */
export function verifier(known: readonly string[]): Verify {
  const key = randomBytes(32);
  const hash = (text: string) => createHmac('sha256', key).update(text).digest();
  const hashes = known.map(hash);
  return ({ username, password }) => {
    // A user name with a colon could pass for another name and password.
    const given = hash(username.includes(':') ? '' : `${username}:${password}`);
    return hashes.reduce((found, one) => timingSafeEqual(one, given) || found, false);
  };
}

/** The user name and password of a field `Proxy-Authorization`; RFC 7617. */
export function parseBasic(field: string | undefined): GivenCredentials | undefined {
  const [, encoded] = /^Basic +([A-Za-z\d+/]+={0,2}) *$/i.exec(field ?? '') ?? [];
  if (encoded === undefined) return undefined;
  const decoded = Buffer.from(encoded, 'base64').toString();
  const colon = decoded.indexOf(':');
  return colon === -1 ? undefined : { username: decoded.slice(0, colon), password: decoded.slice(colon + 1) };
}
