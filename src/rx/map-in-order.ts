import { defer, map, mergeMap, type Observable, type OperatorFunction } from 'rxjs';

/**
 * Like `mergeMap` with at most `concurrent` inner streams of one value each, but emits their values in the order of the source,
 * as soon as a value and all before it have arrived.
 */
export function mapInOrder<T, R>(
  project: (value: T, index: number) => Observable<R>,
  concurrent: number,
): OperatorFunction<T, R> {
  return (source) =>
    defer(() => {
      const waiting = new Map<number, R>();
      let next = 0;
      return source.pipe(
        mergeMap((value, index) => project(value, index).pipe(map((result) => ({ index, result }))), concurrent),
        mergeMap(({ index, result }) => {
          waiting.set(index, result);
          const ready: R[] = [];
          for (; waiting.has(next); next++) {
            ready.push(waiting.get(next)!);
            waiting.delete(next);
          }
          return ready;
        }),
      );
    });
}
