import type { Socket } from 'node:net';
import { getSystemErrorName } from 'node:util';
import { codedError } from '../core/error-tools.js';
import type { HandleCalls } from './handle-calls.js';
import type { ConnectOptions, InnerTlsSocket, Securable, TlsHandle } from './tls-internals.js';

/** How a handshake ended: without an error when it is complete, and the certificate has been verified. */
export type Ended = (error?: Error) => void;

/** Events of the socket that come before the handshake is complete. */
const EARLY = ['keylog', 'OCSPResponse'];

/**
 * A TLS handshake apart from the socket that it is for. Until it is won, the socket knows nothing of it: its handle belongs to a
 * deputy, which is like the socket in everything but that it keeps what happens to itself.
 *
 * Node does all of the handshake, verification included, with the deputy in place of the socket.
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
   * @param isOwn with the socket's own handle; otherwise with one that is made for it
   * @param calls what was said to the socket's handle
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

  /** The session to resume, where there is one already. */
  get session(): Buffer | undefined {
    return this.#session;
  }

  /** Begins, once TCP is up. */
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

  /** Gives the handle to the socket, and what happens to it from now on. */
  giveBack(): void {
    const { self } = this.of;
    if (!this.isStarted && this.isOwn) return;
    this.own(self);
    this.handle.onhandshakedone = () => {
      self._finishInit();
    };
  }

  /** Lets go of a handle that was made for it. */
  close(): void {
    this.handle.close();
  }

  /**
   * Lets `connect` be emitted, at which Node would begin the handshake anew.
   *
   * @param emit emits it
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

  /** Lets the socket, which is connected, go through what has happened. */
  conclude(): void {
    const { socket, self, internals } = this.of;
    const isOver = () => socket.destroyed || self._handle !== this.handle;
    for (const [name, ...given] of this.#events) if (!isOver()) (socket as Socket).emit(name, ...given);
    if (isOver()) return;
    const session = this.#session ?? this.#deputy[internals.pendingSession];
    if (session) self[internals.pendingSession] = session;
    if (this.#isVerified) this.finish();
    for (const chunk of this.#pushed) if (!isOver()) socket.push(chunk);
  }

  /** Lets the socket know what plain Node would know of a handshake that has failed. */
  conveyFailure(): void {
    const { self } = this.of;
    const { alpnProtocol, servername, authorizationError } = this.#deputy;
    Object.assign(self, { alpnProtocol, servername, authorizationError });
  }

  /** As Node does it; the certificate has been verified, and the caller's function is not called once more. */
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

  /** One like those of Node, with the same secure context. */
  private createHandle(): TlsHandle {
    const { self, socket, internals } = this.of;
    const deputy = this.#deputy;
    const handle = deputy._wrapHandle(null, null, false);
    // When a handle is closed, Node may close its context as well: this one is the socket's.
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

  /** Remembers what the check of the certificate's names came to. */
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
