import type { Failure } from '../core/error-words.js';
import { ConnectionError } from '../index.js';
import { failureOf, PROXY_ERROR_OF, SOCKS5_REPLY_OF, statusOfFailure } from './failure.js';
import { attemptsSummary, proxyStatus } from './proxy-status.js';
import { REPLY } from './socks5.js';

/**
 * Why a client was refused.
 *
 * - `client`: its address is not allowed
 * - `connections`: the proxy has reached `maxConnections`
 * - `credentials`: they are missing or wrong
 * - `rate`: the client has exceeded `clientRate`
 * - `malformed`, `size`, `time`: its request is invalid, too long, or was not received in time
 * - `unsupported`: the proxy does not support the request
 * - `loop`: the request has passed through this proxy before
 * - `route`: the function `route` refused it
 * - `upstream`: no connection was made, or it broke before the response
 * - `accept`: the system could not accept the connection
 */
export type RefusalReason =
  | 'client'
  | 'connections'
  | 'credentials'
  | 'rate'
  | 'malformed'
  | 'size'
  | 'time'
  | 'unsupported'
  | 'loop'
  | 'route'
  | 'upstream'
  | 'accept';

/** A refusal in all protocols. */
export class Refusal extends Error {
  override readonly name = 'Refusal';

  /**
   * @param message for the client and the log, without secrets
   * @param given `status` replaces the HTTP status of the reason; `failure` is needed for `upstream` if `cause` is no `ConnectionError`
   */
  constructor(
    readonly reason: RefusalReason,
    message: string,
    private readonly given: { readonly status?: number; readonly failure?: Failure; readonly cause?: unknown } = {},
  ) {
    super(message, { cause: given.cause });
  }

  get status(): number {
    const failure = this.failure();
    return this.given.status ?? (failure ? statusOfFailure(failure) : STATUS_OF[this.reason]);
  }

  /** The reply code of SOCKS 5. */
  get reply(): number {
    const failure = this.failure();
    return failure ? SOCKS5_REPLY_OF[failure] : (REPLY_OF[this.reason] ?? REPLY.generalFailure);
  }

  /** The value of the field `Proxy-Status`. */
  get proxyStatus(): string {
    const { cause } = this;
    const failure = this.failure();
    if (!failure) {
      const error = this.status === 500 ? 'proxy_internal_error' : ERROR_OF[this.reason];
      return proxyStatus({ error, details: this.message });
    }
    const details = cause instanceof ConnectionError ? attemptsSummary(cause) : this.message;
    return proxyStatus({ error: PROXY_ERROR_OF[failure], details });
  }

  private failure(): Failure | undefined {
    if (this.reason !== 'upstream') return undefined;
    return this.given.failure ?? (this.cause instanceof ConnectionError ? failureOf(this.cause) : 'reset');
  }
}

const STATUS_OF: Readonly<Record<RefusalReason, number>> = {
  client: 403,
  connections: 503,
  credentials: 407,
  rate: 429,
  malformed: 400,
  size: 431,
  time: 408,
  unsupported: 501,
  loop: 508,
  route: 403,
  upstream: 502,
  accept: 503,
};

const REPLY_OF: Readonly<Partial<Record<RefusalReason, number>>> = {
  rate: REPLY.notAllowed,
  route: REPLY.notAllowed,
  unsupported: REPLY.commandNotSupported,
};

/** RFC 9209 section 2.3 */
const ERROR_OF: Readonly<Record<RefusalReason, string>> = {
  client: 'http_request_denied',
  connections: 'connection_limit_reached',
  credentials: 'http_request_denied',
  rate: 'http_request_denied',
  malformed: 'http_request_error',
  size: 'http_request_error',
  time: 'http_request_error',
  unsupported: 'http_request_error',
  loop: 'proxy_loop_detected',
  route: 'http_request_denied',
  upstream: 'destination_unavailable',
  accept: 'proxy_internal_error',
};
