import { EMPTY, Observable, switchMap, takeWhile, throwError } from 'rxjs';
import { TestScheduler, type RunHelpers } from 'rxjs/testing';
import { connect$, race$, type ConnectionError, type ConnectOptions, type Transport } from '../../src/index.js';
import { assertMarbles } from '../../src/testing/index.js';

const refused = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
const given = <T>(endpoints: T) => endpoints;

type Case = (helpers: RunHelpers) => Omit<ConnectOptions<unknown>, 'transport' | 'sort'> & { transport: Transport<unknown> };

describe('a race to an address', () => {
  it.each<[what: string, options: Case]>([
    ['connects', ({ cold }) => ({ transport: () => cold('---s') })],
    ['connects at once', ({ cold }) => ({ transport: () => cold('s') })],
    ['fails', ({ cold }) => ({ transport: () => cold('---#', {}, refused) })],
    ['fails at once', () => ({ transport: () => throwError(() => refused) })],
    ['has a transport that completes', () => ({ transport: () => EMPTY })],
    [
      'has a transport that throws',
      () => ({
        transport: () => {
          throw refused;
        },
      }),
    ],
    [
      'comes to a stage',
      ({ cold }) => ({
        transport: (_, progressed) => new Observable((subscriber) => (progressed?.('tls'), cold('--s').subscribe(subscriber))),
      }),
    ],
    ['is out of time', ({ cold }) => ({ transport: () => cold('-'), connectTimeout: 7 })],
    [
      'connects in the instant in which its time is over',
      ({ cold }) => ({ transport: () => cold('-------s'), connectTimeout: 7 }),
    ],
    ['has an attempt that is out of time', ({ cold }) => ({ transport: () => cold('-'), attemptTimeout: 4, connectTimeout: 7 })],
    ['is aborted', ({ cold }) => ({ transport: () => cold('-'), signal: abortedAt(cold('----a')) })],
    ['has been aborted', ({ cold }) => ({ transport: () => cold('-'), signal: AbortSignal.abort(refused) })],
    ['may not use the family of the address', ({ cold }) => ({ transport: () => cold('--s'), family: 6 })],
  ])('emits what any race does when it %s', (_, options) => {
    const scheduler = new TestScheduler(assertMarbles);
    scheduler.run((helpers) => {
      const raced = (more: object) =>
        race$('192.0.2.1', 443, { scheduler, ...options(helpers), ...more } as ConnectOptions<unknown>);
      // To a `sort` of the caller's, even one address is given: that takes the whole race.
      helpers.expectObservable(raced({})).toEqual(raced({ sort: given }));
    });
  });

  it('ends its attempt when it is unsubscribed', () => {
    const scheduler = new TestScheduler(assertMarbles);
    scheduler.run(({ cold, expectObservable, expectSubscriptions }) => {
      const silent = cold('-----s');
      expectObservable(connect$('192.0.2.1', 443, { scheduler, transport: () => silent }), '---!').toBe('');
      expectSubscriptions(silent.subscriptions).toBe('^--!');
    });
  });

  it('counts from its own beginning', () => {
    const scheduler = new TestScheduler(assertMarbles);
    scheduler.run(({ cold, flush }) => {
      const seen: string[] = [];
      const events$ = race$('192.0.2.1', 443, { scheduler, transport: () => cold('---#', {}, refused) });
      const late$ = cold('-----(a|)').pipe(switchMap(() => events$));
      late$.subscribe({
        next: ({ type, at }) => seen.push(`${type} ${at}`),
        error: ({ attempts: [attempt] }: ConnectionError) => seen.push(`lost after ${attempt!.endedAt - attempt!.startedAt}`),
      });
      flush();
      expect(seen).toEqual(['answered 0', 'queued 0', 'resolved 0', 'started 0', 'failed 3', 'lost after 3']);
    });
  });

  it('starts nothing when its subscriber leaves before', () => {
    const transport = jest.fn(() => EMPTY);
    race$('192.0.2.1', 443, { transport })
      .pipe(takeWhile(({ type }) => type !== 'started'))
      .subscribe();
    expect(transport).not.toHaveBeenCalled();
  });
});

/** A signal that is aborted when a stream emits. */
function abortedAt(stream$: Observable<unknown>): AbortSignal {
  const controller = new AbortController();
  stream$.subscribe(() => controller.abort(refused));
  return controller.signal;
}
