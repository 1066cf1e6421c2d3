import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Address } from '../../src/core/address/address.js';
import { createHistory } from '../../src/connector/path-history.js';
import { aheadOf } from '../../src/stand-in/ahead.js';
import { VirtualScheduler } from '../../src/testing/virtual-scheduler.js';

const ONE: Address = { address: '192.0.2.1', family: 4 };
const TWO: Address = { address: '2001:db8::2', family: 6 };
const FOUND = [ONE, TWO];
const PORT = 443;
const CHANNEL = 'tracing:rx-happy-eyeballs:race:start';

/** A history that never ignores itself, with the given failures. */
function historyOf(...failed: readonly Address[]) {
  const store = new Map<string, object>(failed.map(({ address }) => [`net ${address}`, { failedAt: 900 }]));
  return { store, history: createHistory({ store: store, network: () => 'net' }, () => 1000) };
}

describe('what an attempt before its race needs', () => {
  it('is the first address, the delay and the scheduler', () => {
    const ahead = aheadOf({}, undefined)!(FOUND, PORT)!;
    expect(ahead).toMatchObject({ endpoint: { ...ONE, port: PORT }, delay: 250 });
    expect(ahead.scheduler.now()).toEqual(expect.any(Number));
    ahead.learn(5); // there is nothing that learns
    expect(aheadOf({ connectionAttemptDelay: 100 }, undefined)!(FOUND, PORT)).toMatchObject({ delay: 100 });
  });

  it('knows nothing but an address, its family and the port', () => {
    const found = [{ ...ONE, ttl: 5 }];
    expect(aheadOf({}, undefined)!(found, PORT)!.endpoint).toEqual({ ...ONE, port: PORT });
  });

  it.each<readonly [name: string, value: unknown]>([
    ['connectionAttemptDelay', 100],
    ['minimumConnectionAttemptDelay', 100],
    ['maximumConnectionAttemptDelay', 3000],
    ['connectionAttemptDelayMultiplier', 2],
    ['resolutionDelay', 20],
    ['maxConcurrentAttempts', 2],
    ['interleave', false],
    ['firstAddressFamilyCount', 2],
    ['random', () => 0.5],
  ])('is known with an option that does not affect it: %s', (name, value) => {
    expect(aheadOf({ [name]: value }, undefined)).toBeInstanceOf(Function);
  });

  it.each<readonly [name: string, value: unknown]>([
    ['connectionAttemptDelay', 'adaptive'],
    ['sort', 'none'],
    ['preferFamily', 4],
    ['filter', () => true],
    ['connectTimeout', 1000],
    ['attemptTimeout', 1000],
    ['scheduler', new VirtualScheduler()],
  ])('is not known with an option that does: %s', (name, value) => {
    expect(aheadOf({ [name]: value }, undefined)).toBeUndefined();
    expect(aheadOf({ random: () => 0.5, [name]: value }, undefined)).toBeUndefined();
    expect(aheadOf({ [name]: undefined }, undefined)).toBeInstanceOf(Function);
  });

  it('is checked', () => {
    expect(() => aheadOf({ connectionAttemptDelay: 1 }, undefined)).toThrow(
      expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' }),
    );
  });

  it('is not told while races are observed, which must be seen whole', () => {
    const find = aheadOf({}, undefined)!;
    const listener = () => undefined;
    subscribe(CHANNEL, listener);
    const watched = find(FOUND, PORT);
    unsubscribe(CHANNEL, listener);
    expect(watched).toBeUndefined();
    expect(find(FOUND, PORT)).toBeDefined();
  });

  it('comes from the history: what has failed lately is not the first', () => {
    const { history } = historyOf(ONE);
    const options = { random: () => 0.5 };
    expect(aheadOf(options, () => history)!(FOUND, PORT)!.endpoint).toEqual({ ...TWO, port: PORT });
    // One race in twenty ignores it.
    expect(aheadOf({ random: () => 0 }, () => history)!(FOUND, PORT)!.endpoint).toEqual({ ...ONE, port: PORT });
  });

  it('lets the history learn from the connection', () => {
    const { store, history } = historyOf();
    aheadOf({ random: () => 0.5 }, () => history)!(FOUND, PORT)!.learn(40);
    expect(Object.fromEntries(store)).toEqual({ 'net 192.0.2.1': { smoothedRtt: 40, rttVariation: 20, usedAt: 1000 } });
  });
});
