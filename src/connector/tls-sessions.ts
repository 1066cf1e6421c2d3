import { createHash } from 'node:crypto';
import { createSecureContext, type SecureContext } from 'node:tls';
import { LRUCache } from 'lru-cache';
import type { SessionSlot, TlsOptions } from '../node/tls.js';

/** The TLS sessions of one connector: the latest of each destination, whichever of its addresses it came from. */
export interface Sessions {
  /**
   * @param destination name and port
   * @param partition sessions are resumed in the partition alone in which they began
   * @param options a session is resumed under the options alone with which it began, for a resumed handshake verifies nothing
   */
  readonly slot: (destination: string, partition: string, options: true | TlsOptions) => SessionSlot;
  readonly clear: () => void;
}

/** As many as Node's own agent keeps. */
const KEPT = 100;

export function createSessions(): Sessions {
  const sessions = new LRUCache<string, Buffer>({ max: KEPT });
  const kinds = new WeakMap<object, Kind>();
  const print = printer();

  const kindOf = (options: TlsOptions): Kind => {
    const kind = kinds.get(options) ?? {
      printed: print(options),
      secureContext: options.secureContext ?? createSecureContext(options),
    };
    kinds.set(options, kind);
    return kind;
  };

  return {
    slot: (destination, partition, options) => {
      const { printed, secureContext } = kindOf(options === true ? DEFAULTS : options);
      const key = `${JSON.stringify(partition)} ${destination} ${printed}`;
      return {
        secureContext,
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

/** What follows from TLS options, and is worked out once for each object of them. */
interface Kind {
  readonly printed: string;
  readonly secureContext: SecureContext;
}

const DEFAULTS: TlsOptions = {};

/** Prints options so that those which are alike print alike: values by what they are, also in lists, and objects by which they are. */
function printer(): (options: TlsOptions) => string {
  const identities = new WeakMap<object, number>();
  let seen = 0;

  const print = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(print);
    if (Object(value) !== value) return [typeof value, String(value)];
    const identity = identities.get(value as object) ?? ++seen;
    identities.set(value as object, identity);
    return identity;
  };

  return (options) => {
    const entries = Object.entries(options).sort(([a], [b]) => (a < b ? -1 : 1));
    const printed = JSON.stringify(entries.map(([name, value]) => [name, print(value)]));
    // Keys and certificates are no business of a map's.
    return createHash('sha256').update(printed).digest('base64');
  };
}
