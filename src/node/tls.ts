import type { Socket } from 'node:net';
import { connect, createSecureContext, type ConnectionOptions, type SecureContext, type TLSSocket } from 'node:tls';
import { mergeMap, Observable } from 'rxjs';
import { invalidType, invalidValue } from '../core/input/argument-errors.js';
import { boolean, callable, given, integer, isObject, string, type Check, type Checks } from '../core/input/checks.js';
import { formatEndpoint, type Endpoint } from '../core/race/endpoint.js';
import { codedError } from '../core/error-tools.js';
import { parseLiteral } from '../core/address/literal.js';
import type { Transport } from '../rx/transport.js';
import { tcp } from './tcp.js';

/** Options that the race decides, and those of the underlying sockets, which belong in `tcp`. */
const NOT_OURS = ['socket', 'port', 'path', 'lookup', 'timeout', 'allowHalfOpen'] as const;

/** The options of `tls.connect`, without those of the underlying connection. */
export type TlsOptions = Omit<ConnectionOptions, (typeof NOT_OURS)[number]>;

/** Stores TLS sessions for resumption. */
export interface SessionSlot {
  /** A context of the same options. Default: a new one. */
  readonly secureContext?: SecureContext;
  readonly get: () => Buffer | undefined;
  readonly set: (session: Buffer) => void;
  /** Drops a session whose handshake failed. */
  readonly drop: (session: Buffer) => void;
}

/**
 * A transport over TLS. Emits the socket once its handshake is complete and its certificate verified, and completes. From then on
 * the socket belongs to the subscriber. Unsubscribing before that destroys it and the underlying socket.
 *
 * The certificate must be valid for `servername`, or else for `host`, or else for the address.
 *
 * Errors with those of the underlying connection and with Node's own errors of the handshake: `CERT_HAS_EXPIRED`,
 * `ERR_TLS_CERT_ALTNAME_INVALID`, `ECONNRESET` if the peer closes early …
 *
 * @param over creates the underlying connections; default `tcp()`
 * @param slot for resumption. With it, one listener stays on the socket, because TLS 1.3 sends sessions after the handshake.
 * @throws at the call, with Node's codes for invalid options, and with OpenSSL's error for invalid keys and certificates
 */
export function tls(options: TlsOptions = {}, over: Transport<Socket> = tcp(), slot?: SessionSlot): Transport<TLSSocket> {
  checkTlsOptions('options', options);
  const shared = {
    ...given(options),
    secureContext: options.secureContext ?? slot?.secureContext ?? createSecureContext(options),
  };

  return (endpoint, progressed) => {
    const host = endpoint.address.replace(/%.*$/, '');
    const begin = (socket: Socket, session?: Buffer) => connect({ host, ...shared, ...(session && { session }), socket });
    return over(endpoint).pipe(mergeMap((socket) => handshake(socket, begin, { endpoint, progressed, slot })));
  };
}

interface Handshake {
  readonly endpoint: Endpoint;
  readonly progressed?: (stage: 'tls') => void;
  readonly slot?: SessionSlot;
}

function handshake(
  socket: Socket,
  begin: (socket: Socket, session?: Buffer) => TLSSocket,
  { endpoint, progressed, slot }: Handshake,
): Observable<TLSSocket> {
  return new Observable((subscriber) => {
    /** The socket to destroy on teardown, until it has been handed over. */
    let held: Socket | undefined = socket;
    subscriber.add(() => held?.destroy());
    progressed?.('tls');
    if (subscriber.closed) return;

    const session = slot?.get();
    const secure = begin(socket, session);
    held = secure;
    const received = slot && keeping(secure, slot);
    const secured = () => {
      received?.();
      if (subscriber.closed) return;
      secure.off('error', failed).off('close', closed);
      held = undefined;
      subscriber.next(secure);
      subscriber.complete();
    };
    // This listener stays on a losing socket, because an error may already be on its way.
    const failed = (error: Error) => {
      if (session) slot?.drop(session);
      subscriber.error(error);
    };
    const closed = () => {
      subscriber.error(codedError('ECONNABORTED', `closed before its TLS handshake with ${formatEndpoint(endpoint)} was over`));
    };
    secure.once('secureConnect', secured).on('error', failed).once('close', closed);
  });
}

/**
 * Stores sessions only if the peer was verified, because a resumed handshake verifies nothing. In TLS 1.2 a session arrives before
 * that is known.
 *
 * @returns a function to call when the handshake is complete
 */
function keeping(secure: TLSSocket, slot: SessionSlot): () => void {
  let early: Buffer | undefined;
  let isSecured = false;
  const keep = (session: Buffer) => {
    if (secure.authorized) slot.set(session);
  };
  secure.on('session', (session) => {
    if (isSecured) keep(session);
    else early = session;
  });
  return () => {
    isSecured = true;
    if (early) keep(early);
    early = undefined;
  };
}

/** The TLS options that a socket reads even if they are inherited. */
const NAMES = [
  'ALPNProtocols', 'allowPartialTrustChain', 'ca', 'cert', 'certificateCompression', 'checkServerIdentity', 'ciphers', 'clientCertEngine', 'crl', 'dhparam', 'ecdhCurve', 'enableTrace',
  'highWaterMark', 'honorCipherOrder', 'host', 'key', 'maxVersion', 'minDHSize', 'minVersion', 'passphrase', 'pfx', 'privateKeyEngine', 'privateKeyIdentifier',
  'pskCallback', 'rejectUnauthorized', 'requestOCSP', 'secureContext', 'secureOptions', 'secureProtocol', 'servername', 'session', 'sessionIdContext',
  'sessionTimeout', 'sigalgs', 'ticketKeys', ...NOT_OURS,
]; // prettier-ignore

/**
 * Copies TLS options as they are now, including inherited and non-enumerable ones, which Node reads but a spread would lose.
 * Changes of the original do not affect the connection.
 */
export function ownTlsOptions(options: TlsOptions): TlsOptions {
  const own: Record<string, unknown> = {};
  const read = (name: string) => {
    const value = (options as Record<string, unknown>)[name];
    if (value !== undefined) own[name] = value;
  };
  for (const name in options) read(name);
  for (const name of NAMES) if (!Object.hasOwn(own, name)) read(name);
  return own;
}

/**
 * Checks options that Node would check only during the handshake, and those that would have no effect. Creating the secure context
 * checks the rest.
 */
export function checkTlsOptions(name: string, options: unknown): asserts options is TlsOptions {
  if (!isObject(options) || Array.isArray(options)) throw invalidType(name, 'an object', options);
  for (const [option, value] of Object.entries(options)) {
    if (value === undefined) continue;
    if ((NOT_OURS as readonly string[]).includes(option)) {
      throw invalidValue(`${name}.${option}`, 'has no effect: the race makes the connections beneath', value);
    }
    TLS_CHECKS[option]?.(`${name}.${option}`, value);
  }
}

const TLS_CHECKS: Partial<Checks<Record<keyof TlsOptions, unknown>>> & Readonly<Record<string, Check>> = {
  host: string,
  servername: string,
  checkServerIdentity: callable,
  rejectUnauthorized: boolean,
  minDHSize: integer(1, Number.MAX_SAFE_INTEGER),
  session: bytes,
  // OpenSSL refuses them, too, and Node shows them.
  key: material,
  pfx: material,
  passphrase: material,
  privateKeyIdentifier: material,
  ticketKeys: material,
  ALPNProtocols: (name, value) => {
    if (Array.isArray(value)) value.forEach((protocol) => string(`${name}[]`, protocol));
    else bytes(name, value);
  },
};

function bytes(name: string, value: unknown): void {
  if (!ArrayBuffer.isView(value)) throw invalidType(name, 'a Buffer', value);
}

function material(name: string, value: unknown): void {
  if (typeof value !== 'string' && !isObject(value) && value !== null) throw invalidType(name, 'text or a Buffer', value);
}

/** The identity that a certificate must have: the host's name, or else the address. */
export function tlsIdentity(host: string): TlsOptions {
  if (parseLiteral(host)) return {};
  const name = host.replace(/\.$/, '');
  return { host: name, servername: name };
}
