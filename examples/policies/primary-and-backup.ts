/**
 * A primary with its backup: the primary is asked twice, each time for no more than 200 ms, then the backup. Simulated, in
 * virtual time.
 */
import { breaker, policy, retry, service, timeout } from 'rx-happy-eyeballs/policy';
import { concatMap, defer, delayWhen, map, range, timer, VirtualTimeScheduler } from 'rxjs';

const scheduler = new VirtualTimeScheduler();

/** Is silent for the first two seconds. */
const primary = service(
  (key: string) => defer(() => timer(scheduler.now() < 2000 ? 10_000 : 30, scheduler)).pipe(map(() => `${key} of the primary`)),
  'primary',
);
const backup = service((key: string) => timer(60, scheduler).pipe(map(() => `${key} of the backup`)), 'backup');

// After two calls without success the primary is left alone for half a second.
const careful = policy`${breaker(2, { resetDelay: 500, scheduler })} + ${retry(1, { initialDelay: 20, jitter: 0, scheduler })} + ${timeout(200, { scheduler })}`;
const read = careful.apply(primary).or(backup);
console.log(String(read));

range(0, 10)
  .pipe(
    concatMap((n) =>
      defer(() => {
        const asked = scheduler.now();
        return read(`value ${n}`).pipe(map((value) => `${asked} ms: ${value} after ${scheduler.now() - asked} ms`));
      }).pipe(delayWhen(() => timer(100, scheduler))),
    ),
  )
  .subscribe((line) => console.log(line));
scheduler.flush();
