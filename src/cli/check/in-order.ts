import { concatMap, from, map, mergeMap, scan, type Observable, type OperatorFunction } from 'rxjs';

/**
 * As `mergeMap`, at most so many at once, for streams of one value each: their values come in the order of the source, each as
 * soon as it and all before it are there.
 */
export function mapInOrder<T, R>(
  project: (value: T, index: number) => Observable<R>,
  concurrent: number,
): OperatorFunction<T, R> {
  return (source) =>
    source.pipe(
      mergeMap((value, index) => project(value, index).pipe(map((result) => ({ index, result }))), concurrent),
      scan(
        ({ waiting, next }, { index, result }) => {
          const all = new Map(waiting).set(index, result);
          const ready: R[] = [];
          let at = next;
          for (; all.has(at); at++) {
            ready.push(all.get(at)!);
            all.delete(at);
          }
          return { waiting: all, next: at, ready };
        },
        { waiting: new Map<number, R>(), next: 0, ready: [] as R[] },
      ),
      concatMap(({ ready }) => from(ready)),
    );
}
