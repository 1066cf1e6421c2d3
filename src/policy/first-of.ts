import { catchError, defer, throwError, type Observable } from 'rxjs';
import { causesOf } from '../core/error-tools.js';
import { combinedError } from '../core/combined-error.js';
import { firstSuccess, type FirstSuccessOptions } from '../rx/first-success.js';

/**
 * The first value of two streams, by {@link firstSuccess}, for an expression that joins them. What throws when it is created has
 * failed.
 *
 * Errors when both have failed, with one `AggregateError` that names the expression; `errors` has the causes of the left, then
 * those of the right, flat.
 */
export function firstOf<T>(
  text: string,
  left: () => Observable<T>,
  right: () => Observable<T>,
  options: FirstSuccessOptions,
): Observable<T> {
  return firstSuccess([defer(left), defer(right)], options).pipe(
    catchError((error: unknown) => throwError(() => combinedError(text, causesOf(error)))),
  );
}
