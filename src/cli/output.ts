import { closeSync, constants, fstatSync, ftruncateSync, openSync, writeFileSync } from 'node:fs';
import packageJson from '../../package.json' with { type: 'json' };
import { invalidValue } from '../core/input/argument-errors.js';
import { htmlReport } from '../pictures/html-report.js';
import { waterfall } from '../pictures/waterfall.js';
import { grouped, type Flag, type Flags } from './flag.js';
import type { ComparedRace } from './node-alone.js';

export const DEBUG: readonly Flag[] = grouped('Output', [{ usage: '--debug', meaning: 'Show errors with their stack traces' }]);

/** How results are shown: flags of every command. */
export const OUTPUT_FLAGS: readonly Flag[] = [
  ...grouped('Output', [
    { usage: '--json', meaning: 'Print JSON instead, as docs/*.schema.json describe it' },
    { usage: '--ascii', meaning: 'Draw with ASCII alone' },
    { usage: '--no-color', meaning: 'Draw without colours, as with NO_COLOR=1 (FORCE_COLOR=1 draws with them)' },
    { usage: '--fixed-clock', meaning: 'Show 10 ms from each event to the next, to compare outputs', hidden: true },
  ]),
  ...DEBUG,
];

/** Files of pictures: flags of commands that run one race. */
export const FILE_FLAGS: readonly Flag[] = grouped('Output', [
  { usage: '--html <file>', meaning: 'Write a report of the race as an HTML page' },
  { usage: '--svg <file>', meaning: 'Write the waterfall of the race as SVG' },
]);

/** Files that a race shall be drawn into. */
export interface Reports {
  write(result: ComparedRace, title: string): void;
  close(): void;
}

/** Creates a file that is missing, and keeps what is in one. On Windows a file that is opened to append cannot be truncated later. */
const KEEPING = constants.O_WRONLY | constants.O_CREAT;

type Draw = (result: ComparedRace, title: string) => string;

/**
 * Opens the files before there is anything to write: whoever mistyped a path need not wait for the end of the race. What they
 * held stays until then. Pipes and devices are written to as they are.
 *
 * @throws TypeError for a file that cannot be written, also when it is written to
 */
export function openReports({ html, svg, fixedClock }: Flags): Reports {
  const now = fixedClock ? '' : ` on ${new Date().toISOString()}`;
  const note = `Run${now} by ${packageJson.name} ${packageJson.version}.`;
  if (html !== undefined && html === svg) throw invalidValue('--svg', 'must be another file than that of --html', svg);
  const files: { flag: string; path: string; descriptor: number; draw: Draw }[] = [];
  const close = () => {
    for (const { descriptor } of files.splice(0)) closeSync(descriptor);
  };
  const attempt = <T>(flag: string, path: string, work: () => T): T => {
    try {
      return work();
    } catch (error) {
      close();
      throw invalidValue(flag, `cannot be written (${(error as NodeJS.ErrnoException).code})`, path);
    }
  };
  const open = (flag: string, file: Flags[string], draw: Draw) => {
    if (file === undefined) return;
    const path = String(file);
    files.push({ flag, path, draw, descriptor: attempt(flag, path, () => openSync(path, KEEPING)) });
  };
  open('--html', html, ({ events, error, outcome, nodeAlone }, title) => {
    const interrupted = outcome === 'cancelled' ? new Error('The race was interrupted.') : undefined;
    const notes = nodeAlone ? `${nodeAlone.text} ${note}` : note;
    return htmlReport(events, { title, note: notes, error: error ?? interrupted });
  });
  open('--svg', svg, ({ events }) => waterfall(events));
  return {
    write(result, title) {
      for (const { flag, path, descriptor, draw } of [...files]) {
        attempt(flag, path, () => {
          if (fstatSync(descriptor).isFile()) ftruncateSync(descriptor);
          writeFileSync(descriptor, draw(result, title));
        });
      }
    },
    close,
  };
}
