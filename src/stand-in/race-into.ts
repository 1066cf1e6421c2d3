import type { AsyncResource } from 'node:async_hooks';
import type { LookupFunction, Socket } from 'node:net';
import { Subject, Subscription, takeUntil, type Observable } from 'rxjs';
import { codedError } from '../core/error-tools.js';
import { addressesIn, type AnyAnswer } from '../core/race/answers.js';
import type { Address } from '../core/address/address.js';
import { ConnectionError } from '../core/race/connection-error.js';
import type { Endpoint } from '../core/race/endpoint.js';
import type { RaceEvent } from '../core/race/events.js';
import type { SocketFactory } from '../node/tcp.js';
import { isLocalhost } from '../core/address/literal.js';
import { adopt, adoptSecure, canAdopt, handleClasses, replaceHandle } from './adoption.js';
import { answerQuietly, OtherAttempt, OwnAttempt, socketAttempt, type Attempt, type Secure } from './attempt.js';
import type { HandleCalls } from './handle-calls.js';
import { handleOf, replaceMethod, seemConnecting } from './handle.js';
import { HeadStart, type Ahead, type Begun, type FindAhead } from './head-start.js';
import { nativeError } from './native-error.js';
import { RaceForTls } from './race-for-tls.js';
import type { TlsRacing } from './racing.js';
import { errnoOf, systemError } from './system-error.js';
import { securable } from './tls-internals.js';

/** A race for a waiting socket. The sockets of its attempts come from the factory. */
export type RaceForSocket = (socketFactory: SocketFactory, begun?: Begun) => Observable<RaceEvent<Socket>>;

/** The callback of a look-up. */
export type Answered = Parameters<LookupFunction>[2];

/** A socket that waits for its look-up. */
export interface Waiting {
  readonly socket: Socket;
  readonly host: string;
  readonly port: number;
  /** The addresses that its look-up has found already, grouped by family. */
  readonly found?: readonly Address[] | undefined;
  /** Answers the look-up. */
  readonly answered: Answered;
  /** The session that a `tls.TLSSocket` wants to resume. */
  readonly session?: Buffer;
  /** The calls made on the handle of a `tls.TLSSocket`. */
  readonly calls: HandleCalls;
  readonly tls: TlsRacing;
  /**
   * The async context in which the socket was told to connect. A race may continue from a timer or from another race's query, but
   * the socket's events and connection belong to this context, so that an `AsyncLocalStorage` has the right value.
   */
  readonly context: AsyncResource;
}

/**
 * Connects a socket that waits for its look-up by a race, unnoticeably: the socket emits `lookup`, `connectionAttempt`,
 * `connectionAttemptFailed`, `connectionAttemptTimeout`, `connect` and `ready` as Node does, and fails as Node does. The race ends
 * when the socket is destroyed.
 *
 * The first attempt uses the socket's own handle. Each later one has its own handle, which the socket adopts if the attempt wins.
 */
export class RaceInto {
  readonly #racing = new Subscription();
  readonly #attempted: string[] = [];
  readonly #found: string[] = [];
  /** The latest attempt, until it fails. */
  #latest?: Endpoint;
  #own?: OwnAttempt;
  /** Present if the first attempt began before the race. */
  #headStart?: HeadStart;
  #deaf: () => void;
  /** Present if the race continues past TCP. */
  readonly #forTls?: RaceForTls;

  constructor(private readonly waiting: Waiting) {
    const { socket, host, calls, tls } = waiting;
    const isForTcp = tls.mode === 'off' || !canAdopt(socket);
    const secure = isForTcp ? undefined : securable(socket);
    if (secure) {
      this.#forTls = new RaceForTls(secure, calls, tls, isLocalhost(host), () => {
        this.within(() => {
          this.stop();
          this.failWithHandshake();
        });
      });
    }
    this.#deaf = this.hearOfEnd();
    (socket as unknown as { autoSelectFamilyAttemptedAddresses: string[] }).autoSelectFamilyAttemptedAddresses = this.#attempted;
  }

  /** @param ahead lets the first attempt begin before the race exists */
  start(race: RaceForSocket, ahead?: FindAhead): void {
    const { socket, port, found } = this.waiting;
    const alone = found && !this.#forTls && canAdopt(socket) ? ahead?.(found, port) : undefined;
    if (alone) this.begin(alone, race);
    else this.race(race);
  }

  private begin(ahead: Ahead, race: RaceForSocket): void {
    const { socket, found, answered } = this.waiting;
    this.restartIdleness();
    for (const { address, family } of found!) this.found(address, family);
    this.started(ahead.endpoint);
    if (this.#racing.closed) return;
    // This already is the socket's context.
    this.#own = new OwnAttempt(socket, answered, (work) => {
      work();
    });
    const own = this.#own;
    this.#headStart = new HeadStart(ahead, own, {
      connected: () => {
        this.stop();
        own.finish();
      },
      overtaken: () => {
        this.within(() => {
          this.race(race, this.#headStart!.begun);
        });
      },
    });
    this.#headStart.begin();
  }

  private race(race: RaceForSocket, begun?: Begun): void {
    // The race may emit within `subscribe`, and a listener may destroy the socket then.
    const ended$ = new Subject<void>();
    this.#racing.add(() => {
      ended$.next();
    });
    const race$ = race((endpoint, progressed) => this.attempt(endpoint, () => progressed?.('tls')), begun).pipe(
      takeUntil(ended$),
    );
    this.#racing.add(
      race$.subscribe({
        next: (event) => {
          this.within(() => {
            this.report(event);
            this.#forTls?.follow(event);
          });
        },
        error: (thrown: unknown) => {
          this.within(() => {
            this.failed(thrown);
          });
        },
      }),
    );
  }

  /** Notices the end of the socket by the closing of its handle. */
  private hearOfEnd(): () => void {
    return replaceMethod(handleOf(this.waiting.socket)!, 'close', (close, restore) => (closed) => {
      restore();
      // If a name has only one address, Node does not report its end.
      const cancelled = this.#found.length > 1 ? this.#latest : undefined;
      this.letGo();
      // Node looks up the socket in the handle that it closes.
      this.#own?.giveBack();
      const told = () => {
        this.cancelled(cancelled!);
        closed?.();
      };
      close.call(handleOf(this.waiting.socket)!, cancelled ? told : closed);
    });
  }

  /** Reports the attempt that ended with its socket, as Node does. */
  private cancelled({ address, port, family }: Endpoint): void {
    const error = systemError(errnoOf('ECANCELED'), 'connect', address, port);
    this.within(() => {
      this.waiting.socket.emit('connectionAttemptFailed', address, port, family, error);
    });
  }

  private stop(): void {
    this.#deaf();
    this.letGo();
  }

  private letGo(): void {
    this.waiting.calls.stop();
    this.#racing.unsubscribe();
    this.#headStart?.stop();
    this.#forTls?.stop();
  }

  private attempt(endpoint: Endpoint, progressed: () => void): Socket {
    const attempt = this.newAttempt(endpoint, this.#forTls?.stage(progressed));
    this.#forTls?.attempts.push(attempt as unknown as Attempt);
    return attempt;
  }

  private newAttempt(endpoint: Endpoint, secure: Secure | undefined): Socket {
    const { socket, port, answered } = this.waiting;
    const begun = this.#headStart?.takeFor(endpoint);
    if (begun) return begun as unknown as Socket;
    // With its own handle a socket connects to its own port, but a service record may name another.
    if (this.#own || endpoint.port !== port || !canAdopt(socket)) return otherAttempt(socket, this.within, secure);
    this.#own = new OwnAttempt(socket, answered, this.within, secure);
    return this.#own as unknown as Socket;
  }

  private readonly within = (work: () => void): void => {
    this.waiting.context.runInAsyncScope(work);
  };

  private report(event: RaceEvent<Socket>): void {
    const { socket } = this.waiting;
    switch (event.type) {
      case 'answered':
        if (!this.#headStart?.isCatchingUp) this.answered(event.answer);
        break;
      case 'started':
        if (!this.#headStart?.isCatchingUp) this.started(event.endpoint);
        else this.hasCaughtUp(event.endpoint);
        break;
      case 'failed': {
        const { address, port, family } = event.endpoint;
        if (this.#latest === event.endpoint) this.#latest = undefined;
        if (this.#own?.isAbandoned) this.renewHandle();
        socket.emit('connectionAttemptFailed', address, port, family, event.error);
        break;
      }
      case 'cancelled':
        // The attempt gave way to another, and the race goes on.
        if (event.error) this.gaveWay(event.endpoint);
        break;
      case 'connected':
        this.stop();
        this.settle(event.value, event.endpoint);
        break;
      default: // Node has no such event
    }
  }

  private answered(answer: AnyAnswer): void {
    this.restartIdleness();
    for (const address of addressesIn(answer)) this.found(address, answer.type === 'A' ? 4 : 6);
  }

  /** Restarts the idle timeout, as Node does after a look-up. */
  private restartIdleness(): void {
    (this.waiting.socket as Socket & { _unrefTimer: () => void })._unrefTimer();
  }

  private found(address: string, family: number): void {
    const { socket, host } = this.waiting;
    if (this.#racing.closed || this.#found.includes(address)) return;
    this.#found.push(address);
    socket.emit('lookup', null, address, family, host);
  }

  private started(endpoint: Endpoint): void {
    const { socket } = this.waiting;
    // Node would have abandoned the previous attempt.
    this.outOfTime(this.#latest);
    this.#latest = endpoint;
    if (this.#racing.closed) return;
    const { address, port, family } = endpoint;
    socket.emit('connectionAttempt', address, port, family);
    this.#attempted.push(`${address}:${port}`);
  }

  /** Called when the race reaches the attempt that began before it. */
  private hasCaughtUp(endpoint: Endpoint): void {
    this.#headStart!.caughtUp();
    this.#latest = endpoint;
  }

  private gaveWay(endpoint: Endpoint): void {
    if (this.#own?.isAbandoned) this.renewHandle();
    // An earlier attempt timed out when the next one began.
    if (this.#latest === endpoint) this.outOfTime(endpoint);
  }

  private outOfTime(endpoint: Endpoint | undefined): void {
    if (!endpoint) return;
    this.#latest = undefined;
    this.waiting.socket.emit('connectionAttemptTimeout', endpoint.address, endpoint.port, endpoint.family);
  }

  /** Closes a handle of the socket that was abandoned while connecting, and gives the socket a new one. */
  private renewHandle(): void {
    const { socket, session, calls } = this.waiting;
    this.#own!.isAbandoned = false;
    const classes = handleClasses(socket);
    if (!classes || !canAdopt(socket)) return;
    this.#deaf();
    calls.stop();
    const handle = new classes.Handle(0);
    seemConnecting(handle);
    replaceHandle(socket, handle, { session, calls });
    if (this.#forTls) calls.listen(socket);
    this.#deaf = this.hearOfEnd();
  }

  private settle(winner: Socket, { address, family }: Endpoint): void {
    const { socket, answered, session, calls } = this.waiting;
    const attempt = winner as unknown as Attempt;
    if (attempt === this.#own) {
      this.finish(this.#own);
      return;
    }
    if (canAdopt(socket)) {
      if (!attempt.handshake) adopt(socket, winner, { session, calls });
      else if (this.#forTls!.isProbing) this.connectAgain(attempt, address, family);
      else adoptSecure(this.#forTls!.secure, attempt.takeHandshake());
      return;
    }
    winner.destroy();
    // The race has found the address. Node connects to it again, unless its handle was used for another address.
    if (!this.#own) answerQuietly(socket, answered, address, family);
    else socket.destroy(codedError('ERR_SOCKET_HANDLE_IN_USE', heldHandle(this.#attempted[0]!, address)));
  }

  private finish(own: OwnAttempt): void {
    const { handshake } = own;
    if (!handshake) {
      own.finish();
      return;
    }
    handshake.giveBack();
    handshake.whileConnecting(() => {
      own.finish();
    });
    handshake.conclude();
  }

  /** Lets Node connect again to an address whose handshake was probed. */
  private connectAgain(attempt: Attempt, address: string, family: number): void {
    const { socket, answered, session, calls } = this.waiting;
    const { Handle } = handleClasses(socket)!;
    const { self, internals } = this.#forTls!.secure;
    const { session: newSession } = attempt.handshake!;
    attempt.destroy();
    // As Node sets up a connecting handle.
    const handle = Object.assign(new Handle(0), { [internals.owner]: socket });
    replaceHandle(socket, handle, { session: newSession ?? session, calls });
    // If it is resumed, the server may not send another.
    if (newSession) self[internals.pendingSession] = newSession;
    answerQuietly(socket, answered, address, family);
  }

  private failed(thrown: unknown): void {
    const { socket, host } = this.waiting;
    const error = nativeError(thrown);
    if (thrown instanceof ConnectionError && thrown.reason === 'resolution')
      socket.emit('lookup', error, undefined, undefined, host);
    this.failWithHandshake();
    // It has been destroyed if a handshake has failed.
    socket.destroy(error);
  }

  /** Fails the socket with the error of a failed handshake, if there is one, since plain Node would have connected and reported it. */
  private failWithHandshake(): void {
    const failure = this.#forTls?.failure;
    if (!failure) return;
    failure.handshake!.conveyFailure();
    this.waiting.socket.destroy(failure.handshakeError);
  }
}

/** Creates an attempt with its own handle. */
export function otherAttempt(socket: Socket | undefined, within: (work: () => void) => void, secure?: Secure): Socket {
  const classes = handleClasses(socket);
  return classes ? (new OtherAttempt(socket, classes, within, secure) as unknown as Socket) : socketAttempt(socket, within);
}

function heldHandle(first: string, winner: string): string {
  return (
    `the connection to ${winner} cannot be given to the socket: after it began to connect to ${first}, ` +
    'its handle was taken for something else, such as TLS'
  );
}
