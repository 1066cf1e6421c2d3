import { createHash } from 'node:crypto';
import tls, { createSecureContext, type SecureContext } from 'node:tls';
import { LRUCache } from 'lru-cache';
import { printer } from './print.js';
import type { SessionSlot, TlsOptions } from '../node/tls.js';

/** The TLS sessions of one connector: the latest for each destination, from any of its addresses. */
export interface Sessions {
  /**
   * @param destination name and port
   * @param partition a session is resumed only in its own partition
   * @param options those of one connection. A session is resumed only under equal options, because a resumed handshake verifies
   * nothing.
   */
  readonly slot: (destination: string, partition: string, options: TlsOptions) => SessionSlot;
  readonly clear: () => void;
}

/** The most sessions that are kept, as in Node's own agent. */
const KEPT = 100;

/** The most secure contexts that are kept. Each holds its parsed certificates. */
const CONTEXTS = 50;

export function createSessions(): Sessions {
  const print = printer();
  let kept = emptyStore();

  return {
    slot: (destination, partition, options) => {
      const printed = digest(print([options, surroundings(options)]));
      const key = `${JSON.stringify(partition)} ${destination} ${printed}`;
      const store = kept;
      return {
        secureContext: options.secureContext ?? contextOf(options, printed, store),
        get: () => store.sessions.get(key),
        // A connection that began before `clear` writes to the store that was discarded.
        set: (session) => store.sessions.set(key, session),
        drop: (session) => {
          if (store.sessions.get(key) === session) store.sessions.delete(key);
        },
      };
    },
    clear: () => {
      kept.sessions.clear();
      kept = emptyStore();
    },
  };
}

interface Store {
  readonly sessions: LRUCache<string, Buffer>;
  readonly contexts: LRUCache<string, SecureContext>;
}

const emptyStore = (): Store => ({ sessions: new LRUCache({ max: KEPT }), contexts: new LRUCache({ max: CONTEXTS }) });

/** The secure context of options. Creating one takes milliseconds, so it is cached unless it holds a private key. */
function contextOf(options: TlsOptions, printed: string, { contexts }: Store): SecureContext {
  const { key, pfx, passphrase, privateKeyIdentifier } = options;
  const isSecret = (key ?? pfx ?? passphrase ?? privateKeyIdentifier) !== undefined;
  const known = isSecret ? undefined : contexts.get(printed);
  if (known) return known;
  const made = createSecureContext(options);
  if (!isSecret) contexts.set(printed, made);
  return made;
}

/** What affects a connection besides its options: Node's defaults, which a program may change. */
function surroundings({ ca, secureContext, rejectUnauthorized }: TlsOptions): readonly unknown[] {
  const { DEFAULT_CIPHERS, DEFAULT_ECDH_CURVE, DEFAULT_MIN_VERSION, DEFAULT_MAX_VERSION } = tls;
  return [
    DEFAULT_CIPHERS,
    DEFAULT_ECDH_CURVE,
    DEFAULT_MIN_VERSION,
    DEFAULT_MAX_VERSION,
    rejectUnauthorized === undefined ? process.env.NODE_TLS_REJECT_UNAUTHORIZED : '',
    ca === undefined && secureContext === undefined ? defaultAuthorities() : '',
  ];
}

/** Identifies Node's default CA certificates: another value after each `tls.setDefaultCACertificates`. */
function defaultAuthorities(): () => unknown {
  const { getCACertificates } = tls as { getCACertificates?: (type: 'default') => readonly string[] };
  const list = getCACertificates?.('default');
  if (!list) return NO_LIST;
  const known = authorities.get(list) ?? (() => list);
  authorities.set(list, known);
  return known;
}

/** Represents each list by a function, which is printed by identity, because the lists are long. */
const authorities = new WeakMap<readonly string[], () => unknown>();
const NO_LIST = () => undefined;

/** A digest, so that maps do not hold keys and certificates. */
function digest(printed: string): string {
  return createHash('sha256').update(printed).digest('base64');
}
