import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { SessionSlot, TlsOptions } from './node/tls.js';

/** The TLS sessions of one connector: the latest of each destination, whichever of its addresses it came from. */
export interface Sessions {
  /**
   * @param destination name and port
   * @param options a session is resumed under the options alone with which it began, for a resumed handshake verifies nothing
   */
  readonly slot: (destination: string, options: true | TlsOptions) => SessionSlot;
  readonly clear: () => void;
}

/** As many as Node's own agent keeps. */
const KEPT = 100;

export function createSessions(): Sessions {
  const sessions = new LRUCache<string, Buffer>({ max: KEPT });
  const identities = new WeakMap<object, number>();
  let seen = 0;

  /** Options that print alike are alike: values by themselves, also in lists, and objects by which they are. */
  const print = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(print);
    if (Object(value) !== value) return [typeof value, String(value)];
    const identity = identities.get(value as object) ?? ++seen;
    identities.set(value as object, identity);
    return identity;
  };

  return {
    slot: (destination, options) => {
      const named = options === true ? [] : Object.entries(options).sort(([a], [b]) => (a < b ? -1 : 1));
      const printed = JSON.stringify([destination, ...named.map(([name, value]) => [name, print(value)])]);
      // Keys and certificates are no business of a map's.
      const key = createHash('sha256').update(printed).digest('base64');
      return {
        get: () => sessions.get(key),
        set: (session) => sessions.set(key, session),
        drop: (session) => {
          if (sessions.get(key) === session) sessions.delete(key);
        },
      };
    },
    clear: () => {
      sessions.clear();
    },
  };
}
