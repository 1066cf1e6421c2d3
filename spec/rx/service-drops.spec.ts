import { EMPTY } from 'rxjs';
import { dropsOf } from '../../src/rx/service-drops.js';
import type { ServiceLookup } from '../../src/rx/resolver.js';

const HOUR = 3_600_000;

/** Tracks one resolver in networks of these names, by a clock that the spec sets. */
function tracking() {
  const lookup: ServiceLookup = () => EMPTY;
  const clock = { ms: 0 };
  const inNetwork = (network = 'home') => dropsOf(lookup, () => network, () => clock.ms); // prettier-ignore
  const dropTimes = (times: number, network?: string) => {
    for (let i = 0; i < times; i++) inNetwork(network).hasDropped();
  };
  return { clock, inNetwork, dropTimes };
}

describe('queries for service records that are dropped', () => {
  it('[V15] are no longer waited for after three in a row, for ten minutes', () => {
    const { clock, inNetwork, dropTimes } = tracking();
    dropTimes(2);
    expect(inNetwork().isUnanswered()).toBe(false);
    dropTimes(1);
    expect(inNetwork().isUnanswered()).toBe(true);
    clock.ms = 599_999;
    expect(inNetwork().isUnanswered()).toBe(true);
    clock.ms = 600_000;
    expect(inNetwork().isUnanswered()).toBe(false);
  });

  it('[V15] count from one again where the ten minutes are over', () => {
    const { clock, inNetwork, dropTimes } = tracking();
    dropTimes(3);
    clock.ms = 600_000;
    dropTimes(2);
    expect(inNetwork().isUnanswered()).toBe(false);
    dropTimes(1);
    expect(inNetwork().isUnanswered()).toBe(true);
  });

  it('[V15] go on to count within the ten minutes', () => {
    const { clock, inNetwork, dropTimes } = tracking();
    dropTimes(3);
    clock.ms = 599_999;
    dropTimes(1);
    clock.ms = 1_000_000;
    expect(inNetwork().isUnanswered()).toBe(true);
  });

  it('[V15] count as long as none is answered, however rare they are', () => {
    const { clock, inNetwork, dropTimes } = tracking();
    dropTimes(2);
    clock.ms = HOUR;
    dropTimes(1);
    expect(inNetwork().isUnanswered()).toBe(true);
  });

  it('[V15] are forgotten with an answer', () => {
    const { inNetwork, dropTimes } = tracking();
    dropTimes(2);
    inNetwork().hasAnswered();
    dropTimes(2);
    expect(inNetwork().isUnanswered()).toBe(false);
    dropTimes(1);
    inNetwork().hasAnswered();
    expect(inNetwork().isUnanswered()).toBe(false);
  });

  it('[V15] concern the network and the resolver that dropped them', () => {
    const { inNetwork, dropTimes } = tracking();
    dropTimes(3, 'home');
    expect(inNetwork('elsewhere').isUnanswered()).toBe(false);
    expect(inNetwork('home').isUnanswered()).toBe(true);
    expect(tracking().inNetwork('home').isUnanswered()).toBe(false);
  });

  it('[V15] are remembered of a hundred networks', () => {
    const { inNetwork, dropTimes } = tracking();
    for (let i = 0; i < 100; i++) dropTimes(3, `network ${i}`);
    expect(inNetwork('network 0').isUnanswered()).toBe(true);
    expect(inNetwork('network 99').isUnanswered()).toBe(true);
    dropTimes(3, 'one more');
    expect(inNetwork('network 0').isUnanswered()).toBe(false);
    expect(inNetwork('one more').isUnanswered()).toBe(true);
  });
});
