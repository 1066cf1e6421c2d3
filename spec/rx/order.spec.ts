import { config, Observable, type ObservableInput } from 'rxjs';
import type { Endpoint } from '../../src/index.js';
import { answers, expectRace } from '../support/marbles.js';

// In these diagrams `s` and `t` are IPv6 endpoints, `e` and `f` IPv4 ones; an attempt's letter is its connection. The
// Resolution Delay is 5 frames, the Connection Attempt Delay 10.

const reversed = (endpoints: readonly Endpoint[]) => [...endpoints].reverse();

describe('the order of a race, in marbles', () => {
  it('is waited for where it takes time', () => {
    expectRace(({ cold }) => ({
      dns: ['         a|', { a: answers('st') }],
      options: { sort: (endpoints) => cold('---(o|)', { o: reversed(endpoints) }) },
      attempts: { t: '--t' },
      lives: {
        t: '          ---^-!',
      },
      winner: ['      -----(t|)'],
    }));
  });

  it('[R7] is worked out again for all that is known when another answer comes, and the one under way is let go of', () => {
    expectRace(({ cold, expectSubscriptions }) => {
      const first = cold<readonly Endpoint[]>('-----o');
      expectSubscriptions(first.subscriptions).toBe('--^--!');
      let asked = 0;
      const sort = (endpoints: readonly Endpoint[]): ObservableInput<readonly Endpoint[]> =>
        asked++ === 0 ? first : cold('--(o|)', { o: reversed(endpoints) });
      return {
        dns: ['         --a--q|', { a: answers('s'), q: answers('e') }],
        options: { sort, preferFamily: 4 },
        attempts: { e: '--e' },
        lives: {
          e: '          -------^-!',
        },
        winner: ['      ---------(e|)'],
      };
    });
  });

  it('cannot keep a race from its end by a teardown that throws', async () => {
    const stuck = new Observable<readonly Endpoint[]>(() => () => {
      throw new Error('no way to end this');
    });
    const reported = new Promise((resolve) => (config.onUnhandledError = resolve));
    expectRace(() => ({
      dns: ['         a|', { a: answers('s') }],
      options: { sort: () => stuck, connectTimeout: 20 },
      attempts: {},
      lives: {},
      winner: ['      --------------------#', undefined, expect.objectContaining({ reason: 'timeout' })],
    }));
    await expect(reported).resolves.toMatchObject({ errors: [{ message: 'no way to end this' }] });
    config.onUnhandledError = null;
  });
});
