import type { Attempt } from '../../src/stand-in/attempt.js';
import type { Endpoint } from '../../src/core/race/endpoint.js';
import type { RaceEvent } from '../../src/core/race/events.js';
import { RaceForTls } from '../../src/stand-in/race-for-tls.js';
import type { TlsRacing } from '../../src/stand-in/racing.js';
import { VirtualScheduler } from '../../src/testing/virtual-scheduler.js';

const at = (address: string): Endpoint => ({ address, family: 4, port: 443 });
const [ONE, TWO, THREE] = [at('192.0.2.1'), at('192.0.2.2'), at('192.0.2.3')];

/** A race of TLS handshakes, whose attempts are made by hand. */
function race(given: { patience?: number; isOneMachine?: boolean; mode?: TlsRacing['mode'] } = {}) {
  const { patience = 1000, isOneMachine = false, mode = 'auto' } = given;
  const scheduler = new VirtualScheduler();
  const giveUp = jest.fn();
  const tls = { mode, patience, patienceAfterFailure: 400, scheduler };
  const raced = new RaceForTls({} as never, {} as never, tls, isOneMachine, giveUp);
  const commit = jest.fn(() => scheduler.now());
  const attempt = (state: object) => {
    const made = { isShakingHands: false, ...state, commit: () => void commit() };
    raced.attempts.push(made as unknown as Attempt);
    return made;
  };
  const follow = (type: string, more: object = {}) => {
    raced.follow({ type, at: 0, ...more } as RaceEvent);
  };
  const resolved = (...endpoints: Endpoint[]) => {
    follow('answered', { answer: { type: 'A', addresses: endpoints.map(({ address }) => address) } });
    follow('resolved');
    follow('queued', { endpoints });
  };
  const start = (...endpoints: Endpoint[]) => {
    for (const endpoint of endpoints) follow('started', { endpoint });
  };
  const failure = () => attempt({ handshakeError: new Error('no') });
  const shaking = () => attempt({ isShakingHands: true });
  return { raced, scheduler, giveUp, commit, follow, resolved, start, failure, shaking, attempt };
}

describe('a race of handshakes', () => {
  it('is decided at once where only one attempt is left', () => {
    const { commit, follow, resolved, start, shaking } = race();
    resolved(ONE, TWO);
    shaking();
    start(ONE);
    expect(commit).not.toHaveBeenCalled();
    start(TWO);
    expect(commit).not.toHaveBeenCalled();
    follow('failed', { endpoint: TWO });
    expect(commit).toHaveBeenCalledTimes(1);
  });

  it.each(['failed', 'cancelled'])('counts an attempt that has %s as over', (type) => {
    const { commit, follow, resolved, start, shaking } = race();
    resolved(ONE, TWO);
    shaking();
    start(ONE, TWO);
    follow(type, { endpoint: ONE });
    expect(commit).toHaveBeenCalledTimes(1);
  });

  it('is not decided while answers may come, or are being sorted', () => {
    const { commit, follow, start, shaking } = race();
    shaking();
    follow('answered', { answer: { type: 'A', addresses: [ONE.address] } });
    follow('queued', { endpoints: [ONE] });
    start(ONE);
    expect(commit).not.toHaveBeenCalled();
    follow('answered', { answer: { type: 'AAAA', addresses: ['2001:db8::1'] } });
    follow('resolved');
    expect(commit).not.toHaveBeenCalled();
    follow('queued', { endpoints: [] });
    expect(commit).toHaveBeenCalledTimes(1);
  });

  it('is decided though the last answer is empty, and there was none before', () => {
    const { commit, follow, start, shaking } = race();
    shaking();
    follow('queued', { endpoints: [ONE] });
    start(ONE);
    follow('answered', { answer: { type: 'AAAA', addresses: [] } });
    expect(commit).not.toHaveBeenCalled();
    follow('resolved');
    expect(commit).toHaveBeenCalledTimes(1);
  });

  it('gives the socket what is up, once all have been tried and nothing happens', () => {
    const { commit, scheduler, resolved, start, shaking, giveUp, raced } = race();
    resolved(ONE, TWO);
    shaking();
    start(ONE, TWO);
    scheduler.flush();
    expect(commit.mock.results).toEqual([{ type: 'return', value: 1000 }]);
    expect(giveUp).not.toHaveBeenCalled();
    expect(raced.failure).toBeUndefined();
  });

  it('waits again from each event on', () => {
    const { commit, scheduler, resolved, start, shaking, follow } = race();
    resolved(ONE, TWO);
    shaking();
    start(ONE, TWO);
    scheduler.schedule(() => {
      follow('progressed', { endpoint: ONE });
    }, 900);
    scheduler.flush();
    expect(commit.mock.results).toEqual([{ type: 'return', value: 1900 }]);
  });

  it('gives up after a failure where nothing else is up, sooner', () => {
    const { commit, scheduler, resolved, start, failure, giveUp, follow, raced } = race();
    resolved(ONE, TWO, THREE);
    const failed = failure();
    start(ONE, TWO, THREE);
    follow('failed', { endpoint: ONE });
    expect(raced.failure).toBe(failed);
    expect(giveUp).not.toHaveBeenCalled();
    scheduler.flush();
    expect(scheduler.now()).toBe(400);
    expect(giveUp).toHaveBeenCalledTimes(1);
    expect(commit).not.toHaveBeenCalled();
  });

  it('goes on where nothing is up and nothing has failed', () => {
    const { commit, scheduler, resolved, start, giveUp } = race();
    resolved(ONE);
    start(ONE);
    scheduler.flush();
    expect(scheduler.now()).toBe(1000);
    expect(giveUp).not.toHaveBeenCalled();
    expect(commit).not.toHaveBeenCalled();
  });

  it('does not give up after a failure where another handshake goes on', () => {
    const { commit, scheduler, resolved, start, failure, shaking, giveUp, follow } = race();
    resolved(ONE, TWO, THREE);
    failure();
    shaking();
    start(ONE, TWO, THREE);
    follow('failed', { endpoint: ONE });
    scheduler.flush();
    expect(giveUp).not.toHaveBeenCalled();
    expect(commit.mock.results).toEqual([{ type: 'return', value: 1000 }]);
  });

  it('gives up at the first failure on one machine, and waits for nothing then', () => {
    const { scheduler, resolved, start, failure, giveUp, follow, attempt } = race({ isOneMachine: true });
    resolved(ONE, TWO, THREE);
    attempt({});
    start(ONE, TWO, THREE);
    follow('cancelled', { endpoint: THREE });
    expect(giveUp).not.toHaveBeenCalled();
    failure();
    follow('failed', { endpoint: ONE });
    expect(giveUp).toHaveBeenCalledTimes(1);
    expect(scheduler.actions).toHaveLength(1);
  });

  it.each<readonly [what: string, run: (given: ReturnType<typeof race>) => void]>([
    ['before all are tried', ({ resolved, start }) => { resolved(ONE, TWO, THREE); start(ONE, TWO); }],
    ['while answers may come', ({ follow, start }) => { follow('queued', { endpoints: [ONE, TWO] }); start(ONE, TWO); }],
    ['without an attempt', ({ resolved }) => { resolved(); }],
    ['once it is stopped', ({ resolved, start, raced }) => { resolved(ONE, TWO); start(ONE, TWO); raced.stop(); }],
    ['that begins after its stop', ({ resolved, start, raced }) => { resolved(ONE, TWO); raced.stop(); start(ONE, TWO); }],
  ])('does not wait %s', (_what, run) => {
    const given = race();
    given.shaking();
    run(given);
    given.scheduler.flush();
    expect(given.scheduler.now()).toBe(0);
    expect(given.commit).not.toHaveBeenCalled();
  }); // prettier-ignore

  it('has no limit of its own where the race has one', () => {
    const { commit, scheduler, resolved, start, shaking, follow } = race({ patience: Infinity });
    resolved(ONE, TWO);
    shaking();
    start(ONE, TWO);
    expect(scheduler.actions).toHaveLength(0);
    follow('failed', { endpoint: ONE });
    expect(commit).not.toHaveBeenCalled();
  });

  it('knows whether it probes', () => {
    expect([race({ mode: 'probe' }).raced.isProbing, race().raced.isProbing]).toEqual([true, false]);
  });
});
