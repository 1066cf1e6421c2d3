import { Observable } from 'rxjs';
import type { AnyAnswer } from '../../src/core/race/answers.js';
import type { Endpoint } from '../../src/core/race/endpoint.js';
import type { ServiceRecord } from '../../src/core/race/service-records.js';
import type { Resolver } from '../../src/rx/resolver.js';
import type { Transport } from '../../src/rx/transport.js';
import { chance } from '../../src/testing/chance.js';
import { Clock } from '../../src/testing/clock.js';
import { life } from '../../src/testing/life.js';
import { marblesOf } from '../../src/testing/marble-diff.js';
import { connectionError, queryError } from '../../src/testing/system-errors.js';
import { VirtualScheduler } from '../../src/testing/virtual-scheduler.js';

// The testing kit checks descriptions, reads marbles, serves connections and looks for leaks: half of the script of a page that needs
// none of it. Here is what a state can say, under the kit's names; spec/playground/agreement.browser.spec.ts shows that both give the
// same events.

/** What becomes of an attempt. Times in ms since its start. */
class Fate {
  constructor(
    /** `Infinity`: never. */
    readonly endsAfter: number,
    /** The code of its error; absent if it connects. */
    readonly code?: string,
    /** When TCP is up, if a handshake follows. */
    readonly tcpAfter?: number,
  ) {}

  thenTls(handshake: number | Fate): Fate {
    const { endsAfter, code } = typeof handshake === 'number' ? new Fate(handshake) : handshake;
    return new Fate(this.endsAfter + endsAfter, code, this.endsAfter);
  }
}

/** How a query is answered. Without addresses, or records, it is a negative answer. */
interface Reply {
  /** ms after the question; default 0. `Infinity`: the answer is lost. */
  readonly after?: number;
  readonly addresses?: readonly string[];
  readonly records?: readonly ServiceRecord[];
  readonly error?: string;
}

const negative = (error: string) => (): Reply => ({ error });

function asReply(given: Reply | ServiceRecord | readonly string[]): Reply {
  if ('target' in given) return { records: [given] };
  return Array.isArray(given) ? { addresses: given as readonly string[] } : (given as Reply);
}

export const connects = (after: number): Fate => new Fate(after);
export const refuses = (after: number): Fate => new Fate(after, 'ECONNREFUSED');
export const fails = (after: number, code: string): Fate => new Fate(after, code);
export const hangs = (): Fate => new Fate(Infinity);

export const after = (ms: number, reply: Parameters<typeof asReply>[0]): Reply => ({ ...asReply(reply), after: ms });
export const lost = (): Reply => ({ after: Infinity });
export const nodata = negative('ENODATA');
export const nxdomain = negative('ENOTFOUND');
export const servfail = negative('ESERVFAIL');
export const service = (target: string, parameters: Omit<ServiceRecord, 'priority' | 'target'>): ServiceRecord => ({
  priority: 1,
  target,
  ...parameters,
});

interface Description {
  readonly dns: Readonly<Record<string, Parameters<typeof asReply>[0]>>;
  readonly endpoints: Readonly<Record<string, Fate>>;
}

/** A network in virtual time that a race can be run in. */
export function virtualNetwork({ dns, endpoints }: Description) {
  const clock = new Clock(new VirtualScheduler());
  let drawn = 0;
  const lives = new Map<string, { readonly subscribedFrame: number; unsubscribedFrame: number }[]>();

  const ask = (host: string, types: readonly string[]) =>
    new Observable<AnyAnswer>((subscriber) => {
      let open = types.length;
      for (const type of types as readonly AnyAnswer['type'][]) {
        const reply = asReply(dns[type] ?? nodata());
        const come = () => {
          subscriber.next(answerTo(host, type, reply));
          if (--open === 0) subscriber.complete();
        };
        subscriber.add(clock.schedule(come, reply.after ?? 0));
      }
    });
  const addresses: Resolver = (host, { family } = {}) =>
    ask(host, family === undefined ? ['AAAA', 'A'] : [family === 6 ? 'AAAA' : 'A']) as ReturnType<Resolver>;
  const serviceRecords = (name: string) => ask(name, ['HTTPS']);

  const transport: Transport<object> = (endpoint, progressed) =>
    new Observable((subscriber) => {
      const { endsAfter, code, tcpAfter } = endpoints[endpoint.address]!;
      const lived = { subscribedFrame: clock.now, unsubscribedFrame: Infinity };
      lives.set(endpoint.address, [...(lives.get(endpoint.address) ?? []), lived]);
      subscriber.add(() => (lived.unsubscribedFrame = clock.now));
      if (tcpAfter !== undefined) subscriber.add(clock.schedule(() => progressed?.('tls'), tcpAfter));
      const end = () => {
        if (code !== undefined) subscriber.error(connectionError(code, endpoint));
        else subscriber.next(new Connection(endpoint));
        subscriber.complete();
      };
      subscriber.add(clock.schedule(end, endsAfter));
    });

  const run = <T>(program: Observable<T>) => {
    const values: T[] = [];
    let finish: number | undefined;
    let error: unknown;
    const over = (thrown?: unknown) => {
      finish = clock.now;
      error = thrown;
    };
    program.subscribe({ next: (value) => values.push(value), error: over, complete: () => over() });
    while (finish === undefined && clock.step());
    return { values, finish, error };
  };

  return {
    resolver: Object.assign(addresses, { serviceRecords }),
    transport,
    scheduler: clock.scheduler,
    random: () => chance(`0 ${drawn++}`),
    run,
    marbles: () => Object.fromEntries([...lives].map(([address, all]) => [address, all.map((one) => marblesOf(life(one)))])),
  };
}

function answerTo(host: string, type: AnyAnswer['type'], { addresses = [], records = [], error }: Reply): AnyAnswer {
  const answer = type === 'HTTPS' ? { type, records } : { type, addresses };
  return error === undefined ? answer : { ...answer, error: queryError(error, type, host) };
}

/** A connection that says where it leads, and carries nothing. */
class Connection {
  readonly remoteAddress: string;
  readonly remotePort: number;
  destroyed = false;

  constructor({ address, port }: Endpoint) {
    this.remoteAddress = address;
    this.remotePort = port;
  }

  destroy(): void {
    this.destroyed = true;
  }
}
