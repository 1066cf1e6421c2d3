import type { Observable } from 'rxjs';
import { TestScheduler } from 'rxjs/testing';
import type { Endpoint, RaceEvent } from '../../src/index.js';
import { connections } from '../../src/rx/connections.js';
import { assertMarbles } from '../../src/testing/index.js';

const endpoint: Endpoint = { address: '2001:db8::1', family: 6, port: 443 };
const events: Record<string, RaceEvent<string>> = {
  s: { type: 'started', at: 1, endpoint },
  c: { type: 'connected', at: 3, endpoint, value: 'v' },
};
const broken = new Error('broken');

const run = (spec: Parameters<TestScheduler['run']>[0]) => {
  new TestScheduler(assertMarbles).run(spec);
};
const over = (race$: Observable<RaceEvent<string>>, life$: Observable<never>) => connections(race$, () => life$);

describe('connection$', () => {
  it('emits what the race is for, and completes with its life', () => {
    run(({ cold, expectObservable, expectSubscriptions }) => {
      const race = cold<RaceEvent<string>>('-s-(c|)', events);
      const life = cold<never>('----|');
      const raceLife = '                   ^--!';
      const lifeLife = '                   ---^---!';
      const expected = '                   ---v---|';
      expectObservable(over(race, life)).toBe(expected);
      expectSubscriptions(race.subscriptions).toBe(raceLife);
      expectSubscriptions(life.subscriptions).toBe(lifeLife);
    });
  });

  it('errors with the error of its life', () => {
    run(({ cold, expectObservable, expectSubscriptions }) => {
      const race = cold<RaceEvent<string>>('-s-(c|)', events);
      const life = cold<never>('----#', {}, broken);
      const lifeLife = '                   ---^---!';
      const expected = '                   ---v---#';
      expectObservable(over(race, life)).toBe(expected, undefined, broken);
      expectSubscriptions(life.subscriptions).toBe(lifeLife);
    });
  });

  it('ends its life when it is unsubscribed', () => {
    run(({ cold, expectObservable, expectSubscriptions }) => {
      const race = cold<RaceEvent<string>>('-s-(c|)', events);
      const life = cold<never>('----------|');
      const unsubscribed = '               ^----!';
      const lifeLife = '                   ---^-!';
      const expected = '                   ---v-';
      expectObservable(over(race, life), unsubscribed).toBe(expected);
      expectSubscriptions(life.subscriptions).toBe(lifeLife);
    });
  });

  it('ends the race when it is unsubscribed before that', () => {
    run(({ cold, expectObservable, expectSubscriptions }) => {
      const race = cold<RaceEvent<string>>('-s---(c|)', events);
      const life = cold<never>('----|');
      const unsubscribed = '               ^-!';
      expectObservable(over(race, life), unsubscribed).toBe('---');
      expectSubscriptions(race.subscriptions).toBe(unsubscribed);
      expectSubscriptions(life.subscriptions).toBe([]);
    });
  });

  it('errors with the error of the race', () => {
    run(({ cold, expectObservable, expectSubscriptions }) => {
      const race = cold<RaceEvent<string>>('-s-#', events, broken);
      const life = cold<never>('----|');
      expectObservable(over(race, life)).toBe('---#', undefined, broken);
      expectSubscriptions(life.subscriptions).toBe([]);
    });
  });

  it('emits and completes at once where the connection has closed by then', () => {
    run(({ cold, expectObservable }) => {
      const race = cold<RaceEvent<string>>('-s-(c|)', events);
      const life = cold<never>('|');
      expectObservable(over(race, life)).toBe('---(v|)');
    });
  });
});
