import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Observable } from 'rxjs';
import type { Endpoint } from '../core/race/endpoint.js';
import { ConnectionError } from '../core/race/connection-error.js';
import { inFlight, type RaceEvent } from '../core/race/events.js';
import { onAbort } from '../rx/abort.js';

/** The result of a race. */
export interface RaceResult {
  readonly outcome: 'connected' | 'failed' | 'cancelled';
  readonly events: readonly RaceEvent[];
  readonly winner?: Winner;
  /** The error of a race without a winner. */
  readonly error?: ConnectionError;
}

/** The winner and its connection. */
export interface Winner {
  readonly endpoint: Endpoint;
  /** In ms since the race began. */
  readonly after: number;
  readonly localAddress?: string;
  readonly tls?: { readonly protocol: string | null; readonly alpn: string | false | null };
}

/** The interval between two events with a fixed clock, in ms. */
const FIXED_STEP = 10;

/**
 * Dates each event 10 ms after the one before, so that two runs with the same events look the same. It does not change when events
 * are emitted.
 */
function fixedTimes(): (event: RaceEvent) => RaceEvent {
  let at = -FIXED_STEP;
  return (event) => {
    at += FIXED_STEP;
    return event.type === 'progressed' ? { ...event, at, after: FIXED_STEP } : { ...event, at };
  };
}

/** Callbacks and signals for a race. */
export interface Handling {
  /** Cancels the race. */
  readonly interrupted: AbortSignal;
  readonly fixedClock?: boolean;
  /** Called after every event with all events so far. */
  readonly watch?: (events: readonly RaceEvent[]) => void;
  /** Takes the winner. Default: closes it. */
  readonly take?: (socket: Socket) => void;
}

/**
 * Runs a race until it ends or is interrupted.
 *
 * @returns rejects with errors other than a {@link ConnectionError}
 */
export function runRace(race$: Observable<RaceEvent<Socket>>, handling: Handling): Promise<RaceResult> {
  const { interrupted, fixedClock = false, watch, take = (socket: Socket) => socket.destroy() } = handling;
  const began = performance.now();
  const timed = fixedClock ? fixedTimes() : (event: RaceEvent) => event;
  const events: RaceEvent[] = [];
  const happened = (event: RaceEvent) => {
    events.push(timed(event));
    watch?.(events);
  };
  return new Promise((resolve, reject) => {
    const end = (result: Omit<RaceResult, 'events'>) => {
      resolve({ ...result, events });
    };
    const race = race$.subscribe({
      next: (event) => {
        happened(event);
        if (event.type !== 'connected') return;
        const winner = winnerOf(event.value, event.endpoint, events.at(-1)!.at);
        take(event.value);
        end({ outcome: 'connected', winner });
      },
      error: (error: unknown) => {
        if (error instanceof ConnectionError) end({ outcome: 'failed', error });
        else reject(error);
      },
    });
    const cancel = () => {
      race.unsubscribe();
      const at = performance.now() - began;
      for (const endpoint of inFlight(events)) happened({ type: 'cancelled', at, endpoint });
      end({ outcome: 'cancelled' });
    };
    if (race.closed) return;
    race.add(onAbort(interrupted, cancel));
    if (interrupted.aborted) cancel();
  });
}

function winnerOf(socket: Socket, endpoint: Endpoint, after: number): Winner {
  const tls = socket instanceof TLSSocket ? { protocol: socket.getProtocol(), alpn: socket.alpnProtocol } : undefined;
  return { endpoint, after, localAddress: socket.localAddress, ...(tls && { tls }) };
}
