import { Observable } from 'rxjs';
import { TestScheduler, type RunHelpers } from 'rxjs/testing';
import type { Endpoint } from '../../src/index.js';
import { Attempt } from '../../src/rx/attempt.js';
import { TerminalError, type Transport } from '../../src/rx/transport.js';
import { assertMarbles } from '../../src/testing/index.js';

const endpoint: Endpoint = { address: '2001:db8::1', family: 6, port: 443 };
const refused = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });

interface Helpers extends RunHelpers {
  /** The attempt over a transport, started at 0. */
  readonly attempted: (transport: Transport<unknown>, attemptTimeout?: number) => Observable<unknown>;
  readonly underWay: Attempt<unknown>[];
  readonly scheduler: TestScheduler;
}

function run(specs: (helpers: Helpers) => void): void {
  const scheduler = new TestScheduler(assertMarbles);
  scheduler.run((helpers) => {
    const underWay: Attempt<unknown>[] = [];
    const attempted = (transport: Transport<unknown>, attemptTimeout = Infinity) =>
      new Observable((subscriber) => {
        const started = { type: 'started', at: 0, endpoint } as const;
        const attempting = { transport, attemptTimeout, scheduler };
        const attempt = new Attempt(started, attempting, underWay, () => scheduler.now(), subscriber);
        attempt.begin();
        return attempt;
      });
    specs({ ...helpers, attempted, underWay, scheduler });
  });
}

const connected = (at: number) => ({ type: 'connected', at, endpoint, value: 's' });
const failed = (at: number, error: unknown = refused) => ({ type: 'failed', at, endpoint, error });

describe('an attempt', () => {
  it('connects with the first value of its transport, and lets go of that before', () => {
    run(({ cold, expectObservable, expectSubscriptions, attempted }) => {
      const source = cold(' ---s--t');
      const lives = '       ^--!';
      const expected = '    ---(c|)';
      expectObservable(attempted(() => source)).toBe(expected, { c: connected(3) });
      expectSubscriptions(source.subscriptions).toBe(lives);
    });
  });

  it('fails by an error, and never errors itself', () => {
    run(({ cold, expectObservable, expectSubscriptions, attempted }) => {
      const source = cold(' ---#', {}, refused);
      const lives = '       ^--!';
      const expected = '    ---(f|)';
      expectObservable(attempted(() => source)).toBe(expected, { f: failed(3) });
      expectSubscriptions(source.subscriptions).toBe(lives);
    });
  });

  it('fails by a transport that completes without a value, or throws', () => {
    run(({ cold, expectObservable, attempted }) => {
      const aborted = Object.assign(new Error('the transport completed without a connection'), { code: 'ECONNABORTED' });
      expectObservable(attempted(() => cold('--|'))).toBe('--(f|)', { f: failed(2, aborted) });
      const broken = () => {
        throw refused;
      };
      expectObservable(attempted(broken)).toBe('(f|)', { f: failed(0) });
    });
  });

  it('says when its transport has come to a stage, until it is over', () => {
    run(({ cold, expectObservable, attempted, scheduler }) => {
      const progressing: Transport<unknown> = (_endpoint, progressed) => {
        for (const at of [2, 6]) scheduler.schedule(() => progressed?.('tls'), at);
        return cold('----s');
      };
      const p = { type: 'progressed', at: 2, endpoint, stage: 'tls', after: 2 };
      expectObservable(attempted(progressing)).toBe('--p-(c|)', { p, c: connected(4) });
    });
  });

  it('[A8] fails when its time is over, in which its transport has come first', () => {
    run(({ cold, expectObservable, expectSubscriptions, attempted }) => {
      const timedOut = Object.assign(new Error('no connection after 5 ms'), { code: 'ETIMEDOUT' });
      const silent = cold(' --------');
      const lives = '       ^----!';
      const expected = '    -----(f|)';
      expectObservable(attempted(() => silent, 5)).toBe(expected, { f: failed(5, timedOut) });
      expectSubscriptions(silent.subscriptions).toBe(lives);
      expectObservable(attempted(() => cold('-----s'), 5)).toBe('-----(c|)', { c: connected(5) });
    });
  });

  it('ends its transport when it is unsubscribed, and when it gives way', () => {
    run(({ cold, expectObservable, expectSubscriptions, attempted }) => {
      const one = cold('    -------s');
      const unsubscribed = '^---!';
      expectObservable(
        attempted(() => one),
        unsubscribed,
      ).toBe('-----');
      expectSubscriptions(one.subscriptions).toBe('^---!');
    });
    run(({ cold, expectObservable, expectSubscriptions, attempted, underWay, scheduler }) => {
      const other = cold('  -------s');
      scheduler.schedule(() => underWay[0]!.giveWay(), 3);
      expectObservable(attempted(() => other)).toBe('---|');
      expectSubscriptions(other.subscriptions).toBe('^--!');
      scheduler.schedule(() => expect(underWay).toEqual([]), 4);
    });
  });

  it('[T3] passes on that no other shall be tried', () => {
    run(({ cold, expectObservable, attempted }) => {
      const source = cold('-#', {}, new TerminalError(refused));
      expectObservable(attempted(() => source)).toBe('-(f|)', { f: { ...failed(1), terminal: true } });
    });
  });
});
