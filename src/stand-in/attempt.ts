import { EventEmitter } from 'node:events';
import { Socket, type BlockList, type LookupFunction, type SocketConstructorOpts } from 'node:net';
import { BLOCKED, codedError } from '../core/error-tools.js';
import { realTime } from '../rx/real-time.js';
import { learnRequestClass } from './adoption.js';
import {
  handleOf,
  isUnreferenced,
  replaceMethod,
  seemConnecting,
  type Complete,
  type Handle,
  type HandleClasses,
  type Request,
} from './handle.js';
import type { Handshake } from './handshake.js';
import { natives } from './natives.js';
import { errnoOf, systemError } from './system-error.js';

/** What an attempt connects to, in the terms of a TCP transport. */
interface Target {
  readonly host: string;
  readonly port: number;
  readonly family: number;
  readonly localAddress?: string;
  readonly localPort?: number;
}

/** Runs work in the async context of the socket. */
export type Within = (work: () => void) => void;

/** The TLS stage of an attempt. */
export interface Secure {
  /** @param isOwn whether it uses the socket's own handle */
  readonly handshake: (isOwn: boolean) => Handshake;
  /** Called when TCP is up and the handshake begins. */
  readonly progressed: () => void;
}

/**
 * An attempt as a socket that connects, fails, and can be destroyed, for use by the transport. It has no streams, because nothing
 * is ever read from it or written to it: the race is for its handle.
 */
export abstract class Attempt extends EventEmitter {
  readonly connecting = false;
  /** Set once TCP is up, if there is a TLS stage. */
  handshake?: Handshake;
  /** The error of its handshake. */
  handshakeError?: Error;
  protected isOver = false;
  #isWon = false;

  constructor(
    protected readonly within: Within,
    protected readonly secure?: Secure,
  ) {
    super();
  }

  /** Starts connecting. */
  protected abstract begin(target: Target): void;
  /** Releases the handle. */
  protected abstract release(): void;

  connect(target: Target): this {
    this.begin(target);
    return this;
  }

  destroy(): this {
    if (!this.isOver) {
      this.isOver = true;
      this.release();
    }
    return this;
  }

  /** Whether TCP is up and the handshake is incomplete. */
  get isShakingHands(): boolean {
    return this.handshake !== undefined && !this.isOver && !this.#isWon;
  }

  /** Makes it win although its handshake is incomplete. */
  commit(): void {
    if (this.isShakingHands) this.win();
  }

  /** Takes the handshake and its handle away from this attempt. */
  takeHandshake(): Handshake {
    return this.handshake!;
  }

  /** Called when TCP is up. */
  protected hasConnected(handshake: Handshake | undefined): void {
    this.handshake = handshake;
    if (!handshake) {
      this.win();
      return;
    }
    this.secure!.progressed();
    if (this.isOver || this.#isWon) return;
    this.within(() => {
      handshake.start((error) => {
        this.hasEnded(error);
      });
    });
  }

  private hasEnded(error: Error | undefined): void {
    if (this.isOver || this.#isWon) return;
    this.handshakeError = error;
    if (error) this.fail(error);
    else this.win();
  }

  private win(): void {
    this.#isWon = true;
    this.emit('connect');
  }

  /** Fails after the present call has returned, as sockets do. */
  protected failSoon(error: Error): void {
    realTime().nextTick(() => {
      this.fail(error);
    });
  }

  protected fail(error: Error): void {
    if (this.isOver) return;
    this.destroy();
    this.emit('error', error);
  }
}
// Transports accept sockets only, so it inherits from Socket, but only EventEmitter constructs it.
Object.setPrototypeOf(Attempt.prototype, Socket.prototype);

/**
 * The attempt with the socket's own handle. The socket's look-up is answered with the address, and Node connects as usual. Only the
 * result belongs to the race: a failure is hidden from the socket, and a success waits for {@link finish}.
 */
export class OwnAttempt extends Attempt {
  /** Whether it was abandoned while connecting. Its handle still connects. */
  isAbandoned = false;
  #isConnecting = false;
  #finish?: () => void;

  constructor(
    private readonly socket: Socket,
    private readonly answered: Parameters<LookupFunction>[2],
    within: Within,
    secure?: Secure,
  ) {
    super(within, secure);
  }

  protected override begin(target: Target): void {
    const { host, port, family } = target;
    const handle = handleOf(this.socket)!;
    const error = blocked(this.socket, target) ?? bind(handle, target);
    if (error) {
      this.failSoon(error);
      return;
    }
    const restore = replaceMethod(handle, family === 6 ? 'connect6' : 'connect', (original) => (request) => {
      this.#isConnecting = true;
      learnRequestClass(request);
      const { oncomplete } = request;
      request.oncomplete = (...result) => {
        this.completed(oncomplete, ...result);
      };
      const errno = original.call(handle, request, host, port);
      // Node would destroy the socket on an error here.
      if (errno !== 0) this.failSoon(systemError(errno, 'connect', host, port, localEnd(handle)));
      return 0;
    });
    this.within(() => {
      answerQuietly(this.socket, this.answered, host, family);
    });
    restore();
  }

  private completed(afterConnect: Complete, ...[status, handle, request, ...ends]: Parameters<Complete>): void {
    this.#isConnecting = false;
    if (this.isOver) return;
    if (status !== 0) {
      seemConnecting(handle);
      this.fail(systemError(status, 'connect', request.address, request.port));
      return;
    }
    this.#finish = () => {
      afterConnect.call(request, status, handle, request, ...ends);
    };
    this.hasConnected(this.secure?.handshake(true));
  }

  /** Lets Node continue after the connection. */
  finish(): void {
    this.#finish?.();
  }

  /** Gives the handshake back to the socket, unless the socket has another handle by now. */
  giveBack(): void {
    const { handshake } = this;
    if (handshake && handshake.handle === handleOf(this.socket)) handshake.giveBack();
  }

  /** The deputy keeps the handshake, so that late events of its connection do not reach the socket. */
  protected override release(): void {
    this.isAbandoned = this.#isConnecting || this.handshake !== undefined;
  }
}

/**
 * Answers the look-up of a socket, so that Node connects it, without emitting `lookup` and `connectionAttempt` again. Listeners are
 * hidden for the duration of the call, in which Node emits nothing else.
 */
export function answerQuietly(socket: Socket, answered: Parameters<LookupFunction>[2], address: string, family: number): void {
  const emitter = socket as unknown as { _events: object };
  const { _events } = emitter;
  emitter._events = {};
  try {
    answered(null, address, family);
  } finally {
    emitter._events = _events;
  }
}

/** An attempt with its own handle, which the socket adopts if the attempt wins. */
export class OtherAttempt extends Attempt {
  _handle: Handle | null = null;
  /** The handshake on this handle, to begin once TCP is up. */
  #handshake?: Handshake;

  constructor(
    private readonly socket: Socket | undefined,
    private readonly classes: HandleClasses,
    within: Within,
    secure?: Secure,
  ) {
    super(within, secure);
  }

  protected override begin(target: Target): void {
    const { host, port, family } = target;
    const { Handle, Request } = this.classes;
    this.within(() => {
      this.#handshake = this.secure?.handshake(false);
    });
    const handle = this.#handshake?.handle ?? new Handle(0);
    this._handle = handle;
    if (this.socket && isUnreferenced(this.socket)) handle.unref?.();
    const error = blocked(this.socket, target) ?? bind(handle, target);
    if (error) {
      this.failSoon(error);
      return;
    }
    this.within(() => {
      const request = new Request();
      request.oncomplete = (status) => {
        this.completed(status, request);
      };
      Object.assign(request, { address: host, port });
      const errno = family === 6 ? handle.connect6(request, host, port) : handle.connect(request, host, port);
      if (errno !== 0) this.failSoon(systemError(errno, 'connect', host, port, localEnd(handle)));
    });
  }

  private completed(status: number, { address, port }: Request): void {
    if (this.isOver) return;
    if (status === 0) this.hasConnected(this.#handshake);
    else this.fail(systemError(status, 'connect', address, port));
  }

  override takeHandshake(): Handshake {
    this._handle = null;
    return super.takeHandshake();
  }

  protected override release(): void {
    this._handle?.close();
    this._handle = null;
  }
}

/**
 * A plain socket as an attempt, for a Node whose internals are not as expected. It uses the `connect` that was in place when this
 * module was loaded, so that code which replaces it later, to watch a program's connections, does not see attempts.
 */
export function socketAttempt(socket: Socket | undefined, within: Within): Socket {
  const attempt = new Socket({ blockList: blockListOf(socket) } as SocketConstructorOpts).pause();
  return Object.assign(attempt, {
    connect: (target: Target) => {
      within(() => Reflect.apply(natives.connect, attempt, [target]) as Socket);
      return attempt;
    },
  });
}

/** From Node 22 on, a socket may have a block list. */
function blockListOf(socket: Socket | undefined): BlockList | undefined {
  return (socket as { blockList?: BlockList } | undefined)?.blockList;
}

function blocked(socket: Socket | undefined, { host, family }: Target): Error | undefined {
  if (!blockListOf(socket)?.check(host, family === 6 ? 'ipv6' : 'ipv4')) return undefined;
  return codedError(BLOCKED, `IP(${host}) is blocked by net.BlockList`);
}

/** Binds a handle to the requested local end. On Linux, a port in use shows only in that another port was bound. */
function bind(handle: Handle, { family, localAddress, localPort = 0 }: Target): Error | undefined {
  if (localAddress === undefined && localPort === 0) return undefined;
  const address = localAddress ?? (family === 6 ? '::' : '0.0.0.0');
  let errno = family === 6 ? handle.bind6(address, localPort, 0) : handle.bind(address, localPort);
  if (errno === 0 && localPort > 0) {
    const bound: { port?: number } = {};
    errno = handle.getsockname(bound);
    if (errno === 0 && bound.port !== localPort) errno = errnoOf('EADDRINUSE');
  }
  return errno === 0 ? undefined : systemError(errno, 'bind', address, localPort);
}

function localEnd(handle: Handle): string | undefined {
  const end: { address?: string; port?: number } = {};
  return handle.getsockname(end) === 0 && end.address !== undefined ? `${end.address}:${end.port}` : undefined;
}
