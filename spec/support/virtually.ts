import { VirtualTimeScheduler, type Observable } from 'rxjs';

/** What a stream has done in virtual time. */
export interface Run<T> {
  readonly values: readonly T[];
  readonly error?: unknown;
}

/** Runs a stream in virtual time to its end; no timer may be left then. */
export function virtually<T>(create: (scheduler: VirtualTimeScheduler) => Observable<T>): Run<T> {
  const scheduler = new VirtualTimeScheduler();
  const run: { values: T[]; error?: unknown } = { values: [] };
  let ended = false;
  create(scheduler).subscribe({
    next: (value) => run.values.push(value),
    error: (error: unknown) => {
      run.error = error;
      ended = true;
    },
    complete: () => {
      ended = true;
    },
  });
  scheduler.flush();
  expect(ended).toBe(true);
  expect(scheduler.actions.filter(({ closed }) => !closed)).toEqual([]);
  return run;
}
