import { live } from '../live-view.js';
import type { Output } from '../terminal.js';

/** The interval at which progress is redrawn, in ms. */
const REDRAW_INTERVAL = 200;

/** Shows the progress of long work on a terminal. */
export function progressOf(
  output: Output,
  what: string,
  total: number,
): { readonly show: (done: number) => void; readonly clear: () => void } {
  const screen = live(output);
  const began = performance.now();
  let drawnAt = began;
  return {
    show(done) {
      const now = performance.now();
      if (now - drawnAt < REDRAW_INTERVAL) return;
      drawnAt = now;
      const left = ((now - began) / done) * (total - done);
      screen.draw(`${done} of ${total} ${what}, about ${Math.ceil(left / 1000)} s to go`);
    },
    clear: () => screen.clear(),
  };
}
