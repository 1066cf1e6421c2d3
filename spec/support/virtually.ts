import type { Observable, VirtualTimeScheduler } from 'rxjs';
import { virtualNetwork, type RunReport } from '../../src/testing/index.js';

/** Runs a stream in virtual time to its end; no timer may be left then. */
export function virtually<T>(create: (scheduler: VirtualTimeScheduler) => Observable<T>): RunReport<T> {
  const report = virtualNetwork().run(({ scheduler }) => create(scheduler));
  report.expectClean();
  return report;
}
