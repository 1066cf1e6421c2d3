import { config } from 'rxjs';

/** As RxJS reports what nobody handles: to its hook, or else as an uncaught exception, in a turn of its own. */
export function reportUnhandledError(error: unknown): void {
  setTimeout(() => {
    if (!config.onUnhandledError) throw error;
    config.onUnhandledError(error);
  });
}
