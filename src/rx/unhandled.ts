import { config } from 'rxjs';

/** Reports an unhandled error as RxJS does: to its hook or as an uncaught exception, in a later turn. */
export function reportUnhandledError(error: unknown): void {
  setTimeout(() => {
    if (!config.onUnhandledError) throw error;
    config.onUnhandledError(error);
  });
}
