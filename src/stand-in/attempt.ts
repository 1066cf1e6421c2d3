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

/** Where an attempt connects to, as a transport over TCP says it. */
interface Target {
  readonly host: string;
  readonly port: number;
  readonly family: number;
  readonly localAddress?: string;
  readonly localPort?: number;
}

/** Runs work in the context of the socket that is raced for. */
export type Within = (work: () => void) => void;

/** What an attempt has to do once TCP is up. */
export interface Secure {
  /** @param isOwn with the socket's own handle */
  readonly handshake: (isOwn: boolean) => Handshake;
  /** Called when TCP is up and the handshake is to begin. */
  readonly progressed: () => void;
}

/**
 * An attempt, to the transport that makes it: a socket that connects, fails, and can be destroyed. It has none of the streams of
 * a `net.Socket`, as nothing is ever read from it or written to it: what a race wins is the handle.
 */
export abstract class Attempt extends EventEmitter {
  readonly connecting = false;
  /** Once TCP is up, where it has one to make. */
  handshake?: Handshake;
  /** What its handshake has failed with. */
  handshakeError?: Error;
  protected isOver = false;
  #isWon = false;

  constructor(
    protected readonly within: Within,
    protected readonly secure?: Secure,
  ) {
    super();
  }

  /** Begins to connect. */
  protected abstract begin(target: Target): void;
  /** Lets go of what it has. */
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

  /** Whether TCP is up, and the handshake is not complete. */
  get isShakingHands(): boolean {
    return this.handshake !== undefined && !this.isOver && !this.#isWon;
  }

  /** Lets it win with a handshake that is still under way. */
  commit(): void {
    if (this.isShakingHands) this.win();
  }

  /** The handshake, whose handle is no longer this attempt's. */
  takeHandshake(): Handshake {
    return this.handshake!;
  }

  /** TCP is up. */
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

  /** Fails after the call has returned, as sockets do. */
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
// For transports, which take nothing but sockets. EventEmitter alone makes it.
Object.setPrototypeOf(Attempt.prototype, Socket.prototype);

/**
 * The attempt with the handle that the socket was made with. The look-up of the socket is answered with the address, and Node
 * connects as ever; only the end is the race's: a failure is kept from the socket, and a success waits for {@link finish}.
 */
export class OwnAttempt extends Attempt {
  /** Whether it was given up while it was connecting: its handle still is. */
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
    const restore = replaceMethod(handle, family === 6 ? 'connect6' : 'connect', (original, restoreMethod) => (request) => {
      restoreMethod();
      this.#isConnecting = true;
      learnRequestClass(request);
      const { oncomplete } = request;
      request.oncomplete = (...result) => {
        this.completed(oncomplete, ...result);
      };
      const errno = original.call(handle, request, host, port);
      // Node would destroy the socket.
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

  /** Lets Node go on from where it has connected. */
  finish(): void {
    this.#finish?.();
  }

  /** Gives the handshake back to the socket, unless that has another handle by now. */
  giveBack(): void {
    if (this.handshake?.handle === handleOf(this.socket)) this.handshake?.giveBack();
  }

  /** The deputy keeps the handshake: what its connection still brings must not reach the socket. */
  protected override release(): void {
    this.isAbandoned = this.#isConnecting || this.handshake !== undefined;
  }
}

/**
 * Answers the look-up of a socket, so that Node connects it, but does not emit `lookup` and `connectionAttempt` anew: the race
 * has emitted them. Listeners are out of sight for the length of the call, in which Node emits nothing else.
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

/** An attempt with a handle of its own, which the socket is given if the attempt wins. */
export class OtherAttempt extends Attempt {
  _handle: Handle | null = null;
  /** The handle's, to be begun once TCP is up. */
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
 * An attempt on a Node whose internals are not as expected: a socket. It connects by Node's own method, or what was in its place
 * when this was loaded: code that replaces the prototype's later, to watch what a program connects to, does not see attempts.
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

/** From Node 22 on a socket may have a list of addresses that it must not connect to. */
function blockListOf(socket: Socket | undefined): BlockList | undefined {
  return (socket as { blockList?: BlockList } | undefined)?.blockList;
}

function blocked(socket: Socket | undefined, { host, family }: Target): Error | undefined {
  if (!blockListOf(socket)?.check(host, family === 6 ? 'ipv6' : 'ipv4')) return undefined;
  return codedError(BLOCKED, `IP(${host}) is blocked by net.BlockList`);
}

/** Binds a handle to the local end that is asked for; Linux tells only by another port that a port was in use. */
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
