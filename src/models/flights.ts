import type { Address } from '../core/address/address.js';
import {
  attempt,
  fateOf,
  LINUX_CONNECT_TIMEOUT,
  type ModelledAttempt,
  type ModelledError,
  type ModelledNetwork,
  type ModelledResult,
} from './model.js';

/** Where the TLS handshake belongs: to each attempt, or behind the choice of a connection. */
export type Handshakes = 'raced' | 'after the choice';

/** The attempts of a client that has several in flight, as they would go if none of them won. */
export class Flights {
  readonly #attempts: ModelledAttempt[] = [];
  #certain = true;

  constructor(
    private readonly network: ModelledNetwork,
    private readonly handshakes: Handshakes,
  ) {}

  get count(): number {
    return this.#attempts.length;
  }

  /** Starts an attempt. Returns it as it would go by itself. */
  start(address: Address, at: number): ModelledAttempt {
    const fate = fateOf(this.network, address.address);
    const raced = fate.type === 'connects' && this.handshakes !== 'raced' ? { ...fate, tls: undefined } : fate;
    const made = attempt(address, at, raced, { systemTimeout: LINUX_CONNECT_TIMEOUT });
    this.#certain &&= made.certain;
    this.#attempts.push(made.attempt);
    return made.attempt;
  }

  /** The attempts that were in flight when another started. */
  inFlight(at: number): number {
    return this.#attempts.filter(({ startedAt, endedAt }) => startedAt < at && endedAt > at).length;
  }

  /** The first to connect so far; of those in the same instant, the first started. */
  get first(): ModelledAttempt | undefined {
    const connected = this.#attempts.filter(({ outcome }) => outcome === 'connected');
    return connected.sort((a, b) => a.endedAt - b.endedAt)[0];
  }

  /** The race is over: what has not ended before the winner is cancelled, and what had not begun never was. */
  won(winner: ModelledAttempt): ModelledResult {
    const at = winner.endedAt;
    const attempts = this.#attempts
      .filter((one) => one === winner || one.startedAt < at)
      .map((one): ModelledAttempt => (one === winner || one.endedAt <= at ? one : cancelledAt(one, at)));
    return this.handshakes === 'raced' ? this.#ended(attempts, winner) : this.#secured(attempts, winner);
  }

  /** Nothing has connected. */
  lost(error: (attempts: readonly ModelledAttempt[]) => ModelledError): ModelledResult {
    const endedAt = Math.max(...this.#attempts.map((one) => one.endedAt));
    return {
      attempts: [...this.#attempts],
      endedAt,
      ...(endedAt < Infinity && { error: error(this.#attempts) }),
      certain: this.#certain,
    };
  }

  #ended(attempts: readonly ModelledAttempt[], winner: ModelledAttempt): ModelledResult {
    return { attempts, winner, endedAt: winner.endedAt, certain: this.#certain };
  }

  /** TCP has decided; whatever becomes of TLS is the end. */
  #secured(attempts: readonly ModelledAttempt[], chosen: ModelledAttempt): ModelledResult {
    const whole = attempt(chosen, chosen.startedAt, fateOf(this.network, chosen.address));
    const all = attempts.map((one) => (one === chosen ? whole.attempt : one));
    const certain = this.#certain && whole.certain;
    const { outcome, endedAt, code = 'ECONNRESET' } = whole.attempt;
    if (outcome === 'connected') return { attempts: all, winner: whole.attempt, endedAt, certain };
    return { attempts: all, endedAt, ...(outcome === 'failed' && { error: { code, message: code } }), certain };
  }
}

function cancelledAt(one: ModelledAttempt, at: number): ModelledAttempt {
  const { address, family, startedAt, progressedAt } = one;
  return {
    address,
    family,
    startedAt,
    ...(progressedAt !== undefined && progressedAt < at && { progressedAt }),
    endedAt: at,
    outcome: 'cancelled',
  };
}
