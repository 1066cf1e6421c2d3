import { from, Observable, type ObservableInput } from 'rxjs';
import { reportUnhandledError } from './unhandled.js';

/** A stream of the caller's, whose teardown cannot throw: it must not keep the race from its end. */
export function guarded<T>(create: () => ObservableInput<T>): Observable<T> {
  return new Observable((subscriber) => {
    const subscription = from(create()).subscribe({
      next: (value) => {
        subscriber.next(value);
      },
      error: (error: unknown) => {
        subscriber.error(error);
      },
      complete: () => {
        subscriber.complete();
      },
    });
    return () => {
      try {
        subscription.unsubscribe();
      } catch (error) {
        reportUnhandledError(error);
      }
    };
  });
}
