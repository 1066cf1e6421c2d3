import { formatDestination } from '../../core/race/endpoint.js';
import { cutColumns } from '../../pictures/text-columns.js';
import { live } from '../live-view.js';
import { appearance, type Output } from '../terminal.js';
import type { Step } from './probe/host.js';
import type { Target } from './targets.js';

/** What is being done for which target, in one line. */
export interface Progress {
  begin(target: Target, step: Step): void;
  /** Wipes the line away, so that something else can be written; it comes back with the next step. */
  wipe(): void;
  end(): void;
}

/** What a step is about. */
const DOING: Readonly<Record<Exclude<Step, 'done'>, string>> = {
  records: 'looking up',
  addresses: 'connecting',
  fallback: 'racing',
};

/**
 * Shows on a terminal how far a check has come; on anything else nothing.
 *
 * @param total targets
 */
export function showProgress(stderr: Output, total: number): Progress {
  const screen = live(stderr);
  const busy = new Map<Target, Exclude<Step, 'done'>>();
  let done = 0;
  const draw = () => {
    const now = [...busy].map(([target, step]) => `${formatDestination(target)} (${DOING[step]})`).join(', ');
    const line = `${done} of ${total} checked${now === '' ? '' : `; ${now}`}`;
    screen.draw(cutColumns(line, appearance(stderr, {}).width - 1));
  };
  stderr.on('resize', draw);
  return {
    begin(target, step) {
      if (step === 'done') {
        done++;
        busy.delete(target);
      } else {
        busy.set(target, step);
      }
      draw();
    },
    wipe: screen.clear,
    end() {
      stderr.off('resize', draw);
      screen.clear();
    },
  };
}
