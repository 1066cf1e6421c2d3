import { setTimeout as sleep } from 'node:timers/promises';
import type { SchedulerAction } from 'rxjs';
import { monotonicScheduler } from '../../src/rx/monotonic.js';

/** Runs until all immediates and short timers have come. */
const settled = () => sleep(20);

describe('the clock of races', () => {
  it('runs work at the end of the turn, with its state, once', async () => {
    const seen: unknown[] = [];
    const action = monotonicScheduler.schedule<string>((state) => seen.push(state), 0, 'state');
    queueMicrotask(() => seen.push('microtask'));
    expect(seen).toEqual([]);
    await settled();
    expect(seen).toEqual(['microtask', 'state']);
    expect(action.closed).toBe(true);
  });

  it('runs what is scheduled without a delay at the end of the turn', async () => {
    const seen: string[] = [];
    monotonicScheduler.schedule(() => seen.push('work'));
    setImmediate(() => seen.push('immediate'));
    await settled();
    expect(seen).toEqual(['work', 'immediate']);
  });

  it('never runs work before its delay is over', async () => {
    for (const delay of [0.4, 1, 2.5, 7]) {
      const began = monotonicScheduler.now();
      const after = await new Promise<number>((resolve) => {
        monotonicScheduler.schedule(() => resolve(monotonicScheduler.now() - began), delay);
      });
      expect(after).toBeGreaterThanOrEqual(delay);
    }
  });

  it('keeps an action open that schedules itself again, in time and state', async () => {
    const seen: number[] = [];
    const action = monotonicScheduler.schedule<number>(
      function (this: SchedulerAction<number>, state = 0) {
        seen.push(state);
        if (state < 3) this.schedule(state + 1, state);
      },
      0,
      0,
    );
    await sleep(60);
    expect(seen).toEqual([0, 1, 2, 3]);
    expect(action.closed).toBe(true);
  });

  it('has one time for an action: the latest', async () => {
    let runs = 0;
    const action = monotonicScheduler.schedule(() => runs++, 0) as SchedulerAction<unknown>;
    action.schedule(undefined, 1);
    action.schedule(undefined, 0);
    await settled();
    expect(runs).toBe(1);
  });

  it.each([0, 1])('does not run what was unsubscribed, with a delay of %d', async (delay) => {
    let runs = 0;
    const action = monotonicScheduler.schedule(() => runs++, delay) as SchedulerAction<unknown>;
    action.unsubscribe();
    action.schedule(undefined, delay);
    await settled();
    expect(runs).toBe(0);
  });

  it('does not run what was unsubscribed between its delay and the end of the turn', async () => {
    let runs = 0;
    const action = monotonicScheduler.schedule(() => runs++, 1);
    // Timers come before immediates: the action's own timer, and then this one.
    setTimeout(() => action.unsubscribe(), 3);
    const until = monotonicScheduler.now() + 6;
    while (monotonicScheduler.now() < until);
    await settled();
    expect(runs).toBe(0);
  });
});
