import { config } from 'rxjs';

/** Reports an error as RxJS does if nobody handles it: to its hook or as an uncaught exception, in a later turn. */
export function reportUnhandledError(error: unknown): void {
  setTimeout(() => {
    if (!config.onUnhandledError) throw error;
    config.onUnhandledError(error);
  });
}
