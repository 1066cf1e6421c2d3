import type { Subscription } from 'rxjs';
import { addressesIn } from '../core/race/answers.js';
import type { Endpoint } from '../core/race/endpoint.js';
import type { RaceEvent } from '../core/race/events.js';
import type { Attempt, Secure } from './attempt.js';
import type { HandleCalls } from './handle-calls.js';
import { Handshake } from './handshake.js';
import type { TlsRacing } from './racing.js';
import type { Securable } from './tls-internals.js';

/**
 * What a race past TCP has beside that for a connection: the handshakes of its attempts, and the end of waiting for them.
 *
 * Until the race is decided, the socket is connecting. Where there is nothing left to decide, it is not: a connection that is up,
 * beside which no other is under way or to come, is the socket's at once, as in plain Node, and so is the handshake. And where all
 * addresses have been tried and nothing happens any more, the socket is given the first connection that is up; or, where there is
 * none but a handshake has failed, it fails with its error.
 */
export class RaceForTls {
  readonly attempts: Attempt[] = [];
  readonly #inFlight = new Set<Endpoint>();
  #toCome = 0;
  /** An answer may still come. */
  #isOpen = true;
  /** Addresses have come that are still to be put in order. */
  #isSorting = false;
  #timer?: Subscription;
  #isStopped = false;

  /** @param isOneMachine all addresses are those of one machine: a handshake that has failed at one of them is not made again */
  constructor(
    readonly secure: Securable,
    private readonly calls: HandleCalls,
    private readonly tls: TlsRacing,
    private readonly isOneMachine: boolean,
    private readonly giveUp: () => void,
  ) {}

  get isProbing(): boolean {
    return this.tls.mode === 'probe';
  }

  /** The first attempt that has failed with its handshake. */
  get failure(): Attempt | undefined {
    return this.attempts.find(({ handshakeError }) => handshakeError !== undefined);
  }

  /** What an attempt has to do once TCP is up. */
  stage(progressed: () => void): Secure {
    return { handshake: (isOwn) => new Handshake(this.secure, isOwn, this.calls), progressed };
  }

  /** Takes in an event of the race. */
  follow(event: RaceEvent): void {
    switch (event.type) {
      case 'answered':
        this.#isSorting = addressesIn(event.answer).length > 0;
        break;
      case 'resolved':
        this.#isOpen = false;
        break;
      case 'queued':
        this.#isSorting = false;
        this.#toCome = event.endpoints.length;
        break;
      case 'started':
        this.#toCome--;
        this.#inFlight.add(event.endpoint);
        break;
      case 'failed':
      case 'cancelled':
        this.#inFlight.delete(event.endpoint);
        if (this.isOneMachine && this.failure) {
          this.giveUp();
          return;
        }
        break;
      default: // nothing that may leave one alone
    }
    if (this.#inFlight.size === 1 && this.isAllStarted && !this.#isSorting) this.commit();
    this.beginWaiting();
  }

  stop(): void {
    this.#timer?.unsubscribe();
    this.#isStopped = true;
  }

  private get isAllStarted(): boolean {
    return !this.#isOpen && this.#toCome <= 0;
  }

  /** The first attempt whose handshake is under way. */
  private get shakingHands(): Attempt | undefined {
    return this.attempts.find(({ isShakingHands }) => isShakingHands);
  }

  private beginWaiting(): void {
    const { patience, patienceAfterFailure, scheduler } = this.tls;
    this.#timer?.unsubscribe();
    if (this.#isStopped || this.#inFlight.size === 0 || !this.isAllStarted) return;
    const hasFailed = this.failure !== undefined && !this.shakingHands;
    const wait = hasFailed ? patienceAfterFailure : patience;
    if (wait === Infinity) return;
    this.#timer = scheduler.schedule(() => {
      if (hasFailed) this.giveUp();
      else this.commit();
    }, wait);
  }

  private commit(): void {
    if (this.tls.patience < Infinity) this.shakingHands?.commit();
  }
}
