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
 * The part of a race past TCP that a race for a connection lacks: the handshakes of its attempts, and the limit of waiting for
 * them.
 *
 * The socket is connecting until the race is decided. If nothing is left to decide, because one connection is up and no other is
 * in progress or to come, the socket gets that connection at once, as in plain Node, and performs the handshake itself. If all
 * addresses have been tried and nothing happens any more, the socket gets the first connection that is up. If there is none, and a
 * handshake has failed, the socket fails with its error.
 */
export class RaceForTls {
  readonly attempts: Attempt[] = [];
  readonly #inFlight = new Set<Endpoint>();
  #toCome = 0;
  /** Whether an answer may still arrive. */
  #isOpen = true;
  /** Whether addresses are still being sorted. */
  #isSorting = false;
  #timer?: Subscription;
  #isStopped = false;

  /** @param isOneMachine all addresses belong to one machine, so that a failed handshake is not repeated at another */
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

  /** The first attempt whose handshake failed. */
  get failure(): Attempt | undefined {
    return this.attempts.find(({ handshakeError }) => handshakeError !== undefined);
  }

  /** Creates the TLS stage of an attempt. */
  stage(progressed: () => void): Secure {
    return { handshake: (isOwn) => new Handshake(this.secure, isOwn, this.calls), progressed };
  }

  /** Handles an event of the race. */
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
      default: // no event that leaves only one attempt
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

  /** The first attempt whose handshake is in progress. */
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
