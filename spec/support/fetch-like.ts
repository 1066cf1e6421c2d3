import { Observable } from 'rxjs';

/**
 * A stream of a response as of `fetch`: its teardown aborts, unless the response has been taken; which it has once it was
 * emitted, so that it is marked after that.
 */
export function fetchLike<T>(response: T, after = 1): { readonly source: Observable<T>; readonly wasAborted: () => boolean } {
  let aborted = false;
  const source = new Observable<T>((subscriber) => {
    let isTaken = false;
    const timeout = setTimeout(() => {
      subscriber.next(response);
      isTaken = true;
      subscriber.complete();
    }, after);
    return () => {
      clearTimeout(timeout);
      aborted ||= !isTaken;
    };
  });
  return { source, wasAborted: () => aborted };
}
