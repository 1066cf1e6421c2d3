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

/** What the race decides, and options of the sockets beneath, which have their own place. */
const NOT_OURS = ['socket', 'port', 'path', 'lookup', 'timeout', 'allowHalfOpen'] as const;

/** As in `tls.connect`, without what belongs to the connection beneath. */
export type TlsOptions = Omit<ConnectionOptions, (typeof NOT_OURS)[number]>;

/** Where the session of an earlier connection comes from, and where that of this one goes. */
export interface SessionSlot {
  /** Of the same options; default: one is made. */
  readonly secureContext?: SecureContext;
  readonly get: () => Buffer | undefined;
  readonly set: (session: Buffer) => void;
  /** A handshake with this session has failed. */
  readonly drop: (session: Buffer) => void;
}

/**
 * A transport over TLS: emits the socket whose handshake is complete, and whose certificate has been verified, and completes;
 * from then on the socket is the subscriber's alone. Unsubscribing before that destroys it and the one beneath.
 *
 * The certificate must be for `servername`, or else for `host`, or else for the address.
 *
 * Errors with those of the connection beneath, and with Node's own of the handshake: `CERT_HAS_EXPIRED`,
 * `ERR_TLS_CERT_ALTNAME_INVALID`, `ECONNRESET` when the peer closes before it is over …
 *
 * @param over makes the connections beneath; default `tcp()`
 * @param slot for resumption. With it, one listener stays on the socket: TLS 1.3 sends sessions after the handshake.
 * @throws at the call, with Node's codes, for options that make no sense, and what OpenSSL refuses of keys and certificates
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
    /** What is to be destroyed, until it has been handed over. */
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
    // Stays on a socket that has lost: an error that is already on its way must find a listener.
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
 * Keeps the sessions of a socket whose peer has been verified, and no others: a resumed handshake verifies nothing. In TLS 1.2
 * a session comes before that is known.
 *
 * @returns to be called when the handshake is complete
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

/** The names of TLS options that a socket reads, where they are not its caller's own. */
const NAMES = [
  'ALPNProtocols', 'allowPartialTrustChain', 'ca', 'cert', 'certificateCompression', 'checkServerIdentity', 'ciphers', 'clientCertEngine', 'crl', 'dhparam', 'ecdhCurve', 'enableTrace',
  'highWaterMark', 'honorCipherOrder', 'host', 'key', 'maxVersion', 'minDHSize', 'minVersion', 'passphrase', 'pfx', 'privateKeyEngine', 'privateKeyIdentifier',
  'pskCallback', 'rejectUnauthorized', 'requestOCSP', 'secureContext', 'secureOptions', 'secureProtocol', 'servername', 'session', 'sessionIdContext',
  'sessionTimeout', 'sigalgs', 'ticketKeys', ...NOT_OURS,
]; // prettier-ignore

/**
 * TLS options as they are now, inherited and non-enumerable ones too: Node reads these of some, and copies lose them. What is
 * done with the copy goes for one connection, whatever becomes of the original.
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
 * Checks what Node would find out during the handshake alone, and what would have no effect; the rest is checked by making
 * the secure context.
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
  ALPNProtocols: (name, value) => {
    if (Array.isArray(value)) value.forEach((protocol) => string(`${name}[]`, protocol));
    else bytes(name, value);
  },
};

function bytes(name: string, value: unknown): void {
  if (!ArrayBuffer.isView(value)) throw invalidType(name, 'a Buffer', value);
}

/** For whom a certificate must be: the host's name, or else the address that is connected to. */
export function tlsIdentity(host: string): TlsOptions {
  if (parseLiteral(host)) return {};
  const name = host.replace(/\.$/, '');
  return { host: name, servername: name };
}
