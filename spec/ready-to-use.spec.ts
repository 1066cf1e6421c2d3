import {
  concat,
  EMPTY,
  filter,
  from,
  map,
  NEVER,
  Observable,
  of,
  tap,
  throwError,
  timer,
  toArray,
  type ObservableInput,
  type SchedulerLike,
} from 'rxjs';
import { ConnectionError, race$, staticResolver, type Endpoint, type RaceOptions } from '../src/index.js';
import { connects, hangs, refuses } from '../src/testing/index.js';
import { A, AAAA, answering, runRace } from './support/virtual-race.js';
import { virtually } from './support/virtually.js';

const six = '2001:db8::6',
  seven = '2001:db8::7',
  four = '192.0.2.4';
const both = answering([0, AAAA(six)], [0, A(four)]);
const three = answering([0, AAAA(six, seven)], [0, A(four)]);

describe('HEv3, Determining Successful Connection Establishment', () => {
  it('[T1] goes on with the race until a handshake is finished', () => {
    const race = runRace({ lookup: both, fates: { [six]: connects(20).thenTls(hangs()), [four]: connects(10).thenTls(10) } });
    expect(race.starts).toEqual([
      [six, 0],
      [four, 250],
    ]);
    expect(race).toMatchObject({ winner: four, finish: 270 });
  });

  it('[T2] starts no second attempt on a path with 180 ms to connect and 180 ms for the handshake', () => {
    const race = runRace({ lookup: both, fates: { [six]: connects(180).thenTls(180), [four]: connects(10) } });
    expect(race.starts).toEqual([[six, 0]]);
    expect(race).toMatchObject({ winner: six, finish: 360 });
    expect(race.events.slice(-2)).toMatchObject([
      { type: 'progressed', at: 180, stage: 'tls', after: 180, endpoint: { address: six } },
      { type: 'connected', at: 360 },
    ]);
  });

  it.each([
    ['is not extended where two round trips end before it', 100, 300],
    ['is not extended where two round trips end within it', 80, 250],
    ['is extended to two round trips after TCP is up', 200, 600],
    ['is extended even when it is all but over', 249, 747],
  ])('[T2] the delay %s (%i ms: at %i ms)', (_what, tcp, start) => {
    const race = runRace({ lookup: both, fates: { [six]: connects(tcp).thenTls(hangs()), [four]: connects(10) } });
    expect(race.starts).toEqual([
      [six, 0],
      [four, start],
    ]);
  });

  it('[T2] the delay is never extended past the ceiling', () => {
    const options = { connectionAttemptDelay: 1000, maximumConnectionAttemptDelay: 1500 };
    const race = runRace({ lookup: both, fates: { [six]: connects(900).thenTls(hangs()), [four]: connects(10) }, options });
    expect(race.starts.at(-1)).toEqual([four, 1500]);
  });

  it('[T2] a delay beyond the ceiling stays what it is', () => {
    const options = { connectionAttemptDelay: 3000 };
    const race = runRace({ lookup: both, fates: { [six]: connects(900).thenTls(hangs()), [four]: connects(10) }, options });
    expect(race.starts.at(-1)).toEqual([four, 3000]);
  });

  it('[T2] a handshake of an earlier attempt puts the next one off as well', () => {
    const race = runRace({
      lookup: three,
      fates: { [six]: connects(300).thenTls(300), [four]: connects(300).thenTls(300), [seven]: connects(10) },
    });
    expect(race.starts).toEqual([
      [six, 0],
      [four, 250],
    ]);
    expect(race).toMatchObject({ winner: six, finish: 600 });
  });

  it('[T2] the next attempt starts at once when the latest fails during its handshake', () => {
    const fates = { [six]: connects(200).thenTls(refuses(30)), [four]: connects(10) };
    expect(runRace({ lookup: both, fates }).starts).toEqual([
      [six, 0],
      [four, 230],
    ]);
  });

  it('[T2] a failed handshake of an earlier attempt puts nothing off any more', () => {
    const fates = { [six]: connects(300).thenTls(refuses(100)), [four]: hangs(), [seven]: connects(10) };
    expect(runRace({ lookup: three, fates }).starts).toEqual([
      [six, 0],
      [four, 250],
      [seven, 500],
    ]);
  });

  it('[T2] with per-family pacing a handshake puts off its own family alone', () => {
    const options = { familyStaggerDelay: 250, attemptSpacingDelay: 125, maxConcurrentAttempts: 8 };
    const fates = { [six]: connects(120).thenTls(hangs()), [seven]: hangs(), [four]: connects(200) };
    expect(runRace({ lookup: three, fates, options }).starts).toEqual([
      [six, 0],
      [four, 250],
      [seven, 360],
    ]);
  });

  it('[T2] has no effect where there is no racing', () => {
    const options = { enabled: false };
    const fates = { [six]: connects(100).thenTls(refuses(400)), [four]: connects(10) };
    expect(runRace({ lookup: both, fates, options }).starts).toEqual([
      [six, 0],
      [four, 500],
    ]);
  });

  it('takes no notice of progress after the end of an attempt', () => {
    const { values: events } = virtually((scheduler) =>
      race$('example.com', 443, {
        scheduler,
        resolver: staticResolver([six, four]),
        transport: ({ address }, progressed) => {
          timer(50, scheduler).subscribe(() => progressed?.('tls'));
          return timer(address === six ? 20 : 100, scheduler).pipe(
            map(() => {
              if (address === six) throw new Error('broken');
              return address;
            }),
          );
        },
      }),
    );
    expect(events.filter(({ type }) => type === 'progressed')).toMatchObject([
      { at: 70, after: 50, endpoint: { address: four } },
    ]);
  });
});

describe('setup', () => {
  interface Connection {
    readonly address: string;
    readonly destroy: () => void;
  }

  type Step = (address: string, scheduler: SchedulerLike) => ObservableInput<string>;

  /** A race whose connections take 10 ms each, and what became of it: `type address at`. */
  const raceWith = (setup: Step, options: RaceOptions & { readonly isTerminal?: (error: Error) => boolean } = {}) => {
    const destroyed: string[] = [];
    const { values, error } = virtually((scheduler) =>
      race$('example.com', 443, {
        scheduler,
        resolver: staticResolver([six, four]),
        transport: ({ address }: Endpoint) =>
          timer(10, scheduler).pipe(map(() => ({ address, destroy: () => destroyed.push(address) }))),
        setup: ({ address }: Connection) => setup(address, scheduler),
        ...options,
      }),
    );
    const told = values.flatMap((event) => ('endpoint' in event ? [`${event.type} ${event.endpoint.address} ${event.at}`] : []));
    return { events: values, told, destroyed, error: error as ConnectionError | undefined };
  };

  const broken = (code: string) => Object.assign(new Error(`it is ${code}`), { code });

  it('[T3] belongs to the attempt, and its value is the result', () => {
    const { told, events, destroyed } = raceWith((address, scheduler) =>
      timer(20, scheduler).pipe(map(() => `hello ${address}`)),
    );
    expect(told).toEqual([`started ${six} 0`, `progressed ${six} 10`, `connected ${six} 30`]);
    expect(events.at(-1)).toMatchObject({ value: `hello ${six}` });
    expect(events.at(-2)).toMatchObject({ stage: 'setup', after: 10 });
    expect(destroyed).toEqual([]);
  });

  it('[T3] takes its first value, and does not wait for others', () => {
    const { events } = raceWith((address) => concat(of(address, 'another'), NEVER));
    expect(events.at(-1)).toMatchObject({ type: 'connected', at: 10, value: six });
  });

  it('[T3] that takes its time loses against one that does not, and is cancelled with its connection', () => {
    const cancelled: string[] = [];
    const { told, destroyed } = raceWith((address) =>
      address === four ? of(address) : new Observable(() => () => cancelled.push(address)),
    );
    expect(told).toEqual([
      `started ${six} 0`,
      `progressed ${six} 10`, // a setup is no handshake: how long it takes is unknown
      `started ${four} 250`,
      `progressed ${four} 260`,
      `cancelled ${six} 260`,
      `connected ${four} 260`,
    ]);
    expect([cancelled, destroyed]).toEqual([[six], [six]]);
  });

  const failures: readonly (readonly [what: string, step: () => ObservableInput<string>, code: string | undefined])[] = [
    ['errors', () => throwError(() => broken('EBROKEN')), 'EBROKEN'],
    ['throws', () => { throw broken('EBROKEN'); }, 'EBROKEN'],
    ['errors with what is no Error', () => throwError(() => 'no'), undefined],
    ['completes without a value', () => EMPTY, 'ECONNABORTED'],
    ['gives nothing to wait for', () => undefined as never, undefined],
  ]; // prettier-ignore
  it.each(failures)('[T3] that %s fails the attempt, destroys its connection, and the race goes on', (_what, step, code) => {
    const { events, destroyed } = raceWith((address) => (address === six ? step() : of(address)));
    const failed = events.find((event) => event.type === 'failed')!;
    expect(failed).toMatchObject({ at: 10, endpoint: { address: six } });
    expect((failed.error as { code?: string }).code).toBe(code);
    expect(failed.error.message).not.toBe('');
    expect(failed).not.toHaveProperty('terminal');
    expect(events.at(-1)).toMatchObject({ type: 'connected', at: 20, endpoint: { address: four } });
    expect(destroyed).toEqual([six]);
  });

  it('[T3] ends the whole race at once by an error that the caller calls terminal', () => {
    const { told, destroyed, error } = raceWith(
      (address, scheduler) => (address === six ? NEVER : timer(5, scheduler).pipe(map(() => { throw broken('EAUTH'); }))), // prettier-ignore
      { isTerminal: ({ message }) => message === 'it is EAUTH' },
    );
    expect(told.slice(-2)).toEqual([`failed ${four} 265`, `cancelled ${six} 265`]);
    expect(destroyed.sort()).toEqual([four, six].sort());
    expect(error).toBeInstanceOf(ConnectionError);
    expect(error).toMatchObject({ code: 'EAUTH', reason: 'attempts', cause: { code: 'EAUTH' } });
    expect(error!.attempts.map(({ endpoint, outcome }) => [endpoint.address, outcome])).toEqual([
      [six, 'cancelled'],
      [four, 'failed'],
    ]);
  });

  it('[T3] starts no other attempt after a terminal error, and names it first', () => {
    let setups = 0;
    const { told, error } = raceWith(
      () => {
        setups++;
        throw broken(setups === 1 ? 'EBUSY' : 'EAUTH');
      },
      {
        // prettier-ignore
        resolver: staticResolver([six, seven, four]),
        isTerminal: (error) => (error as { code?: string }).code === 'EAUTH',
      },
    );
    expect(told.filter((line) => line.startsWith('started'))).toEqual([`started ${six} 0`, `started ${four} 10`]);
    expect(error).toMatchObject({ code: 'EAUTH', errors: [{ code: 'EBUSY' }, { code: 'EAUTH' }] });
  });

  it('[T3] is not asked whether an error of connecting is terminal', () => {
    const { events } = raceWith((address) => of(address), {
      isTerminal: () => true,
      filter: ({ address }) => address !== six,
    });
    expect(events.at(-1)).toMatchObject({ type: 'connected', endpoint: { address: four } });
  });

  it('fails the attempt with what `isTerminal` throws', () => {
    const { error } = raceWith(() => throwError(() => broken('EBROKEN')), {
      isTerminal: () => { throw broken('EMISTAKE'); }, // prettier-ignore
    });
    expect(error?.attempts.map(({ code }) => code)).toEqual(['EMISTAKE', 'EMISTAKE']);
  });

  it('[A8] counts as part of the attempt for its timeout', () => {
    const { told } = raceWith((address) => (address === six ? NEVER : of(address)), { attemptTimeout: 100 });
    expect(told).toEqual([
      `started ${six} 0`,
      `progressed ${six} 10`,
      `failed ${six} 100`,
      `started ${four} 100`,
      `progressed ${four} 110`,
      `connected ${four} 110`,
    ]);
  });

  it('[A13] that ends the race itself has its connection destroyed, and its value is not emitted', async () => {
    const destroyed: string[] = [];
    const events: string[] = [];
    await new Promise<void>((resolve) => {
      const subscription = race$('example.com', 443, {
        resolver: staticResolver([six]),
        transport: ({ address }) => from(Promise.resolve({ address, destroy: () => destroyed.push(address) })),
        setup: () => {
          subscription.unsubscribe();
          setImmediate(resolve);
          return of('ready');
        },
      }).subscribe(({ type }) => events.push(type));
    });
    expect(events.at(-1)).toBe('progressed');
    expect(destroyed).toEqual([six]);
  });

  it('[A6] that is done when the race is over already has connection and value destroyed', async () => {
    const destroyed: string[] = [];
    const done: (() => void)[] = [];
    const values = await new Promise<string[]>((resolve) => {
      race$('example.com', 443, {
        resolver: staticResolver([six, four]),
        connectionAttemptDelay: 10,
        transport: ({ address }) => of({ address, destroy: () => destroyed.push(`connection ${address}`) }),
        setup: ({ address }: Connection) =>
          new Observable<{ destroy: () => void }>((subscriber) => {
            const value = { destroy: () => destroyed.push(`value ${address}`) };
            done.push(() => subscriber.next(value));
          }),
      })
        .pipe(
          tap((event) => {
            // The second setup is done while the first one's value is being handled.
            if (event.type === 'progressed' && done.length === 2) done.forEach((finish) => finish());
          }),
          filter((event) => event.type === 'connected'),
          map(({ endpoint }) => endpoint.address),
          toArray(),
        )
        .subscribe(resolve);
      const finishing = setInterval(() => {
        if (done.length < 2) return;
        clearInterval(finishing);
        done.forEach((finish) => finish());
      }, 5);
    });
    expect(values).toEqual([six]);
    expect(destroyed.sort()).toEqual([`connection ${four}`, `value ${four}`]);
  });
});
