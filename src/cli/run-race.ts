import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Observable } from 'rxjs';
import type { Endpoint } from '../core/endpoint.js';
import { ConnectionError } from '../core/errors.js';
import type { RaceEvent } from '../core/events.js';
import type { Terminal } from './terminal.js';

/** What came of a race. */
export interface RaceResult {
  readonly outcome: 'connected' | 'failed' | 'cancelled';
  readonly events: readonly RaceEvent[];
  readonly winner?: Winner;
  /** Why nobody won. */
  readonly error?: ConnectionError;
}

/** Who won, and over what. */
export interface Winner {
  readonly endpoint: Endpoint;
  /** ms since the race began. */
  readonly after: number;
  readonly localAddress?: string;
  readonly tls?: { readonly protocol: string | null; readonly alpn: string | false | null };
}

/** ms from one event to the next where they are counted instead of timed. */
const FIXED_STEP = 10;

/**
 * Events as if each had come 10 ms after the one before, so that two runs with the same events look the same. Everything
 * happens as fast as ever.
 */
export function withFixedTimes<T>() {
  let at = -FIXED_STEP;
  return (event: RaceEvent<T>): RaceEvent<T> => {
    at += FIXED_STEP;
    return event.type === 'progressed' ? { ...event, at, after: FIXED_STEP } : { ...event, at };
  };
}

/**
 * Runs a race to its end, or until Ctrl-C cancels it.
 *
 * @param watch told of every event, with all until then
 * @returns rejects with what is no {@link ConnectionError}
 */
export function runRace(
  race$: Observable<RaceEvent<Socket>>,
  terminal: Terminal,
  {
    watch = () => undefined,
    take = (socket) => socket.destroy(),
  }: { watch?: (events: readonly RaceEvent[]) => void; take?: (socket: Socket) => void } = {},
): Promise<RaceResult> {
  const events: RaceEvent[] = [];
  return new Promise((resolve, reject) => {
    const end = (result: Omit<RaceResult, 'events'>) => {
      terminal.off('SIGINT', interrupt);
      resolve({ ...result, events });
    };
    const interrupt = () => {
      race.unsubscribe();
      end({ outcome: 'cancelled' });
    };
    terminal.once('SIGINT', interrupt);
    const race = race$.subscribe({
      next: (event) => {
        events.push(event);
        watch(events);
        if (event.type !== 'connected') return;
        const winner = winnerOf(event.value, event.endpoint, event.at);
        take(event.value);
        end({ outcome: 'connected', winner });
      },
      error: (error: unknown) => {
        terminal.off('SIGINT', interrupt);
        if (error instanceof ConnectionError) end({ outcome: 'failed', error });
        else reject(error);
      },
    });
  });
}

function winnerOf(socket: Socket, endpoint: Endpoint, after: number): Winner {
  const tls = socket instanceof TLSSocket ? { protocol: socket.getProtocol(), alpn: socket.alpnProtocol } : undefined;
  return { endpoint, after, localAddress: socket.localAddress, ...(tls && { tls }) };
}
