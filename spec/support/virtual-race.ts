import { Observable, VirtualTimeScheduler, type SchedulerLike, type Subscription } from 'rxjs';
import {
  race$,
  type Answer,
  type RaceOptions,
  type Endpoint,
  type RaceEvent,
  type Resolver,
  type Transport,
} from '../../src/index.js';

/**
 * What becomes of an attempt: so many ms after its start, or never. `at once`: within the call that starts it. `tcpAfter`: a
 * handshake follows TCP, and that is up so many ms after the start.
 */
export type Fate =
  | { readonly outcome: 'connects' | 'fails' | 'completes'; readonly after: number | 'at once'; readonly tcpAfter?: number }
  | { readonly outcome: 'hangs'; readonly tcpAfter?: number }
  | { readonly outcome: 'throws' };

export const connects = (after: number | 'at once'): Fate => ({ outcome: 'connects', after });
export const fails = (after: number | 'at once'): Fate => ({ outcome: 'fails', after });
export const completes = (after: number | 'at once'): Fate => ({ outcome: 'completes', after });
export const hangs: Fate = { outcome: 'hangs' };
export const throws: Fate = { outcome: 'throws' };

/** TCP takes so many ms, and the handshake so many more, or for ever. */
export const securesAfter = (tcpAfter: number, handshake: number): Fate =>
  handshake === Infinity ? { outcome: 'hangs', tcpAfter } : { outcome: 'connects', after: tcpAfter + handshake, tcpAfter };

/** What a resolver does, and when: ms after it was asked, or within the call. */
export interface Lookup {
  readonly answers: readonly { readonly after: number | 'at once'; readonly answer: Answer }[];
  /** How it ends after its answers; `never`: it does not. */
  readonly ends: { readonly after: number | 'at once'; readonly error?: Error } | 'never';
}

export const AAAA = (...addresses: string[]): Answer => ({ type: 'AAAA', addresses });
export const A = (...addresses: string[]): Answer => ({ type: 'A', addresses });
export const negative = (type: Answer['type'], code = 'ENOTFOUND'): Answer => ({
  type,
  addresses: [],
  error: Object.assign(new Error(`${type} ${code}`), { code }),
});

/** A look-up whose answers come so many ms after the question; it ends with the last. */
export function answering(...answers: readonly (readonly [after: number | 'at once', answer: Answer])[]): Lookup {
  return {
    answers: answers.map(([after, answer]) => ({ after, answer })),
    ends: { after: answers.length === 0 ? 'at once' : answers.at(-1)![0] },
  };
}

/** All that a race did. Times in ms of virtual time since it began. */
export interface RaceReport {
  /** `address: ms` in start order. */
  readonly starts: readonly (readonly [address: string, at: number])[];
  /** How each attempt ended, in the order of their ends. */
  readonly ends: readonly (readonly [address: string, outcome: RaceEvent['type'], at: number])[];
  readonly winner?: string;
  readonly error?: Error;
  /** When the race ended; absent while it goes on. */
  readonly finish?: number;
  readonly events: readonly RaceEvent<string>[];
  /** The most attempts that were in flight at the same time. */
  readonly mostInFlight: number;
}

export interface VirtualRace {
  readonly lookup: Lookup;
  readonly fates: Readonly<Record<string, Fate>>;
  /** Options, or what makes them of the race's scheduler. */
  readonly options?: RaceOptions | ((scheduler: SchedulerLike) => RaceOptions);
  readonly host?: string;
  /** What races; default: the package's own function. */
  readonly racing?: typeof race$;
  /** Unsubscribes so many ms after the start. */
  readonly unsubscribeAt?: number;
}

/**
 * Runs one race in virtual time and reports what it did.
 *
 * Every run is also checked for what holds in every race: nothing is started twice, what ended was let go of before the
 * winner was emitted, and nothing (attempt, look-up or timer) is left when it is over.
 */
export function runRace({
  lookup,
  fates,
  options = {},
  host = 'example.com',
  racing = race$,
  unsubscribeAt,
}: VirtualRace): RaceReport {
  const scheduler = new VirtualTimeScheduler();
  const open = new Set<string>();
  const handedOver = new Set<string>();
  let asking = 0;
  let mostInFlight = 0;

  const transport: Transport<string> = ({ address }: Endpoint, progressed) =>
    new Observable((subscriber) => {
      const fate = fates[address] ?? hangs;
      if (open.has(address) || handedOver.has(address)) throw new Error(`${address} was attempted twice`);
      if (fate.outcome === 'throws') throw new Error(`${address} throws`);
      open.add(address);
      mostInFlight = Math.max(mostInFlight, open.size);
      subscriber.add(() => open.delete(address));
      if (fate.tcpAfter !== undefined) subscriber.add(scheduler.schedule(() => progressed!('tls'), fate.tcpAfter));
      if (fate.outcome === 'hangs') return;
      const end = () => {
        if (fate.outcome === 'connects') {
          open.delete(address);
          handedOver.add(address);
          subscriber.next(address);
        }
        if (fate.outcome === 'fails') subscriber.error(Object.assign(new Error(`${address} fails`), { code: 'ECONNREFUSED' }));
        subscriber.complete();
      };
      if (fate.after === 'at once') end();
      else subscriber.add(scheduler.schedule(end, fate.after));
    });

  const resolver: Resolver = () =>
    new Observable((subscriber) => {
      asking++;
      subscriber.add(() => asking--);
      const when = (after: number | 'at once', work: () => void) => {
        if (after === 'at once') work();
        else subscriber.add(scheduler.schedule(work, after));
      };
      for (const { after, answer } of lookup.answers)
        when(after, () => {
          subscriber.next(answer);
        });
      const { ends } = lookup;
      if (ends !== 'never')
        when(ends.after, () => {
          if (ends.error) subscriber.error(ends.error);
          else subscriber.complete();
        });
    });

  const events: RaceEvent<string>[] = [];
  const report: { winner?: string; error?: Error; finish?: number } = {};
  const over = () => {
    report.finish = scheduler.now();
    expect({ leftWhenTheRaceEnded: [...open], asking }).toEqual({ leftWhenTheRaceEnded: [], asking: 0 });
  };
  const subscription: Subscription = racing<string>(host, 443, {
    resolver,
    transport,
    scheduler,
    ...(typeof options === 'function' ? options(scheduler) : options),
  }).subscribe({
    next: (event) => {
      events.push(event);
      if (event.type === 'connected') {
        over();
        report.winner = event.value;
      }
    },
    error: (error: Error) => {
      over();
      report.error = error;
    },
  });
  if (unsubscribeAt !== undefined) {
    scheduler.schedule(() => {
      subscription.unsubscribe();
      over();
    }, unsubscribeAt);
  }
  scheduler.flush();

  const raceIsOver = report.finish !== undefined;
  if (raceIsOver) expect(scheduler.actions.filter(({ closed }) => !closed)).toEqual([]);
  const ends = events.filter((event) => event.type === 'failed' || event.type === 'cancelled' || event.type === 'connected');
  return {
    ...report,
    starts: events.flatMap((event) => (event.type === 'started' ? [[event.endpoint.address, event.at] as const] : [])),
    ends: ends.map((event) => [event.endpoint.address, event.type, event.at]),
    events,
    mostInFlight,
  };
}
