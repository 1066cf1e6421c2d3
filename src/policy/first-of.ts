import { catchError, defer, throwError, type Observable } from 'rxjs';
import { causesOf } from '../core/error-tools.js';
import { combinedError } from '../core/combined-error.js';
import { firstSuccess, type FirstSuccessOptions } from '../rx/first-success.js';

/**
 * The first value of several streams, by {@link firstSuccess}, for an expression that joins them. What throws when it is created
 * has failed.
 *
 * Errors when all have failed, with one `AggregateError` that names the expression; `errors` has the causes in the order of the
 * streams, flat.
 */
export function firstOf<T>(text: string, streams: readonly (() => Observable<T>)[], options: FirstSuccessOptions): Observable<T> {
  return firstSuccess(
    streams.map((stream) => defer(stream)),
    options,
  ).pipe(catchError((error: unknown) => throwError(() => combinedError(text, causesOf(error)))));
}
