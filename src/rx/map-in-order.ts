import { defer, map, mergeMap, type Observable, type OperatorFunction } from 'rxjs';

/**
 * As `mergeMap`, at most so many at once, for streams of one value each: their values come in the order of the source, each as
 * soon as it and all before it are there.
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
