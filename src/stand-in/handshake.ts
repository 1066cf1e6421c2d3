import type { Socket } from 'node:net';
import { getSystemErrorName } from 'node:util';
import { codedError } from '../core/error-tools.js';
import type { HandleCalls } from './handle-calls.js';
import type { ConnectOptions, InnerTlsSocket, Securable, TlsHandle } from './tls-internals.js';

/** Called when a handshake has ended; without an error if it is complete and the certificate verified. */
export type Ended = (error?: Error) => void;

/** Events of the socket that may precede the end of the handshake. */
const EARLY = ['keylog', 'OCSPResponse'];

/**
 * A TLS handshake that runs separately from its socket. Until it wins, its handle belongs to a deputy, which inherits everything
 * from the socket but keeps all events to itself.
 *
 * Node performs the whole handshake, including verification, with the deputy in place of the socket.
 */
export class Handshake {
  readonly handle: TlsHandle;
  readonly #deputy: InnerTlsSocket;
  readonly #events: (readonly [name: string, ...given: unknown[]])[] = [];
  readonly #pushed: unknown[] = [];
  #identity: { readonly error: Error | undefined } | undefined;
  #session: Buffer | undefined;
  #failure: Error | undefined;
  #ended?: Ended;
  #isVerified = false;

  /**
   * @param of the socket that it is for
   * @param isOwn whether it uses the socket's own handle instead of a new one
   * @param calls the calls made on the socket's handle
   */
  constructor(
    private readonly of: Securable,
    private readonly isOwn: boolean,
    calls: HandleCalls,
  ) {
    this.#deputy = this.createDeputy();
    if (isOwn) this.handle = of.self._handle!;
    else {
      this.handle = this.createHandle();
      calls.repeat(this.handle);
    }
  }

  get isStarted(): boolean {
    return this.#ended !== undefined;
  }

  /** The session that the server has sent, if any. */
  get session(): Buffer | undefined {
    return this.#session;
  }

  /** Starts the handshake. Call it once TCP is up. */
  start(ended: Ended): void {
    const { handle, of } = this;
    this.#ended = ended;
    this.own(this.#deputy);
    handle.onhandshakedone = () => {
      this.isDone();
    };
    if (of.self._tlsOptions.requestOCSP) handle.requestOCSP();
    handle.start();
    handle.reading = true;
    const errno = handle.readStart();
    if (errno !== 0) this.hasFailed(codedError(getSystemErrorName(errno), `read ${getSystemErrorName(errno)}`));
  }

  /** Gives the handle and its later events to the socket. */
  giveBack(): void {
    const { self } = this.of;
    if (!this.isStarted && this.isOwn) return;
    this.own(self);
    this.handle.onhandshakedone = () => {
      self._finishInit();
    };
  }

  /** Closes a handle that was created for the handshake. */
  close(): void {
    this.handle.close();
  }

  /**
   * Emits `connect` without letting Node start the handshake again.
   *
   * @param emit emits the event
   */
  whileConnecting(emit: () => void): void {
    if (!this.isStarted) {
      emit();
      return;
    }
    const { handle } = this;
    const { start } = handle;
    handle.start = () => undefined;
    try {
      emit();
    } finally {
      handle.start = start;
    }
  }

  /** Replays to the connected socket what has happened. */
  conclude(): void {
    const { socket, self, internals } = this.of;
    const isOver = () => socket.destroyed || self._handle !== this.handle;
    for (const [name, ...given] of this.#events) if (!isOver()) (socket as Socket).emit(name, ...given);
    if (isOver()) return;
    // Without one of its own, the deputy has that of the socket.
    self[internals.pendingSession] = this.#session ?? this.#deputy[internals.pendingSession];
    if (this.#isVerified) this.finish();
    for (const chunk of this.#pushed) if (!isOver()) socket.push(chunk);
  }

  /** Gives the socket the state that a failed handshake leaves in plain Node. */
  conveyFailure(): void {
    const { self } = this.of;
    const { alpnProtocol, servername, authorizationError } = this.#deputy;
    Object.assign(self, { alpnProtocol, servername, authorizationError });
  }

  /** Finishes as Node does. The certificate has been verified, so the caller's function is not called again. */
  private finish(): void {
    const { self, options } = this.of;
    const { checkServerIdentity } = options;
    const restore = () => {
      options.checkServerIdentity = checkServerIdentity;
    };
    options.checkServerIdentity = () => {
      restore();
      return this.#identity?.error;
    };
    try {
      self._finishInit();
    } finally {
      restore();
    }
  }

  private own(owner: InnerTlsSocket): void {
    const { handle, of } = this;
    handle[of.internals.owner] = owner;
    if (!this.isOwn) (handle._parent as TlsHandle)[of.internals.owner] = owner;
  }

  private isDone(): void {
    this.#deputy._finishInit();
    if (this.#isVerified) this.#ended!();
  }

  private hasFailed(error?: Error): void {
    this.#failure ??= error ?? codedError('ECONNABORTED', 'closed before its TLS handshake was over');
    this.#ended?.(this.#failure);
  }

  /** Creates a handle like Node's, with the same secure context. */
  private createHandle(): TlsHandle {
    const { self, socket, internals } = this.of;
    const deputy = this.#deputy;
    const handle = deputy._wrapHandle(null, null, false);
    // Node may close a handle's context with the handle, but this one belongs to the socket.
    handle._secureContext = { context: handle._secureContext.context };
    handle.onread = self._handle!.onread;
    handle[internals.owner] = deputy;
    deputy._handle = handle;
    deputy.ssl = handle;
    deputy._init();
    if (self._tlsOptions.enableTrace) handle.enableTrace();
    if (socket.listenerCount('keylog') > 0) handle.enableKeylogCallback();
    if (socket.listenerCount('session') > 0) handle.enableSessionCallbacks();
    return handle;
  }

  private createDeputy(): InnerTlsSocket {
    const { self, internals, options } = this.of;
    const nothing = () => deputy;
    const deputy = Object.assign(Object.create(self) as InnerTlsSocket, {
      ...{ _hadError: false, _secureEstablished: false, ssl: self.ssl, _handle: self._handle },
      ...{ on: nothing, addListener: nothing, prependListener: nothing, once: nothing, off: nothing, removeListener: nothing },
      emit: (name: string, ...given: unknown[]) => this.hears(name, given),
      destroy: (error?: Error) => {
        this.hasFailed(error);
        return deputy;
      },
      push: (chunk: unknown) => this.hasRead(chunk),
      read: () => null,
      [internals.handle]: self._handle,
      [internals.connectOptions]: this.watched(options),
    });
    return deputy;
  }

  /** Records the result of checking the certificate's names. */
  private watched(options: ConnectOptions): ConnectOptions {
    return {
      ...options,
      checkServerIdentity: (host, certificate) => {
        const error = options.checkServerIdentity(host, certificate);
        this.#identity = { error };
        return error;
      },
    };
  }

  private hears(name: string, given: unknown[]): boolean {
    if (name === 'secure') this.of.listeners.secured.call(this.#deputy);
    else if (name === 'secureConnect') this.#isVerified = true;
    else if (name === 'error') this.#failure ??= given[0] as Error;
    else if (name === 'session') this.#session = given[0] as Buffer;
    else if (EARLY.includes(name)) this.#events.push([name, ...given]);
    return true;
  }

  private hasRead(chunk: unknown): boolean {
    if (chunk === null && !this.#isVerified) this.of.listeners.ended.call(this.#deputy);
    else this.#pushed.push(chunk);
    return true;
  }
}
