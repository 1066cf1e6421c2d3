import fc from 'fast-check';
import { interval, take, VirtualTimeScheduler, type SchedulerAction } from 'rxjs';
import { virtualNetwork } from '../../src/testing/index.js';
import { VirtualScheduler } from '../../src/testing/virtual-scheduler.js';

/** A timer: when it is set, for how long, what unsubscribes it, and how often it is set again. */
const timer = fc.record({
  delay: fc.integer({ min: 0, max: 20 }),
  endedAfter: fc.option(fc.integer({ min: 0, max: 20 })),
  again: fc.integer({ min: 0, max: 3 }),
});

const told = (
  scheduler: VirtualTimeScheduler,
  timers: readonly { delay: number; endedAfter: number | null; again: number }[],
) => {
  const order: string[] = [];
  timers.forEach(({ delay, endedAfter, again }, name) => {
    const subscription = scheduler.schedule<number>(
      function (this: SchedulerAction<number>, left) {
        order.push(`${name} at ${scheduler.now()}`);
        scheduler.schedule(() => order.push(`after ${name} at ${scheduler.now()}`), delay % 3);
        if (left! > 0) this.schedule(left! - 1, delay);
        if (left! > 1) this.schedule(left! - 2, (delay * 7) % 13);
      },
      delay,
      again,
    );
    if (endedAfter !== null) {
      scheduler.schedule(() => {
        subscription.unsubscribe();
      }, endedAfter);
    }
  });
  scheduler.flush();
  expect(scheduler.actions).toEqual([]);
  return order;
};

it('the time of virtual networks takes timers in the order of RxJS', () => {
  fc.assert(
    fc.property(fc.array(timer, { maxLength: 30 }), (timers) => {
      expect(told(new VirtualScheduler(), timers)).toEqual(told(new VirtualTimeScheduler(), timers));
    }),
    { seed: 1, numRuns: 300 },
  );
});

it('goes on for as many ticks as are wanted', () => {
  const network = virtualNetwork();
  const { scheduler } = network;
  expect(network.run(interval(1000, scheduler).pipe(take(20_000)), { until: Infinity })).toMatchObject({
    value: 19_999,
    finish: 20_000_000,
    leaks: [],
  });
  expect(network.run(interval(100, scheduler)).values).toHaveLength(36_000);
  expect(network.leaks).toEqual([]);
});
