/**
 * A cache beside its origin: both are asked at once, so that a cache that is slow or down costs nothing. What the origin
 * answers goes into the cache. Simulated, in virtual time.
 */
import { service, tap, timeout } from 'rx-happy-eyeballs/policy';
import { concatMap, defer, from, map, throwError, timer, VirtualTimeScheduler } from 'rxjs';

const scheduler = new VirtualTimeScheduler();
const store = new Map<string, string>();

/** A miss is a failure: the race goes on without the cache. */
const cache = service((key: string) => {
  const value = store.get(key);
  const found = value === undefined ? throwError(() => new Error(`${key} is not in the cache`)) : [`${value}, cached`];
  return timer(2, scheduler).pipe(concatMap(() => found));
}, 'cache');

const origin = service((key: string) => timer(40, scheduler).pipe(map(() => `page of ${key}`)), 'origin');

const filling = service((key: string) => tap<string>((page) => store.set(key, page)).apply(origin)(key), 'origin');
const read = timeout(1000, { scheduler }).apply(cache.and(filling));
console.log(String(read));

from(['/', '/about', '/'])
  .pipe(
    concatMap((path) =>
      defer(() => {
        const began = scheduler.now();
        return read(path).pipe(map((page) => `${path}: ${page}, after ${scheduler.now() - began} ms`));
      }),
    ),
  )
  .subscribe((line) => console.log(line));
scheduler.flush();
