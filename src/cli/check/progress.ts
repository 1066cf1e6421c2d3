import { live } from '../live.js';
import type { Output } from '../terminal.js';
import type { Step } from './host.js';

/** What is being done for which host, in one line. */
export interface Progress {
  begin(host: string, step: Step): void;
  /** Wipes the line away, so that something else can be written; it comes back with the next step. */
  wipe(): void;
}

/**
 * Shows on a terminal how far a check has come; on anything else nothing.
 *
 * @param total hosts
 */
export function showProgress(stderr: Output, total: number, width: number): Progress {
  const screen = live(stderr);
  const busy = new Map<string, Step>();
  let done = 0;
  const draw = () => {
    const now = [...busy].map(([host, step]) => `${host} (${step})`).join(', ');
    const line = `${done} of ${total} checked${now === '' ? '' : `; ${now}`}`;
    screen.draw(line.slice(0, width - 1));
  };
  return {
    begin(host, step) {
      if (step === 'done') {
        done++;
        busy.delete(host);
      } else {
        busy.set(host, step);
      }
      draw();
    },
    wipe: screen.clear,
  };
}
