import packageJson from '../../package.json' with { type: 'json' };
import { invalidValue } from '../core/input/argument-errors.js';
import { htmlReport } from '../pictures/html-report.js';
import { waterfall } from '../pictures/waterfall.js';
import { grouped, type Flag, type Flags } from './flag.js';
import type { ComparedRace } from './node-alone.js';
import { outputFile, type OutputFile } from './output-file.js';

export const DEBUG: readonly Flag[] = grouped('Output', [{ usage: '--debug', meaning: 'Show errors with their stack traces' }]);

/** Flags for the output of every command. */
export const OUTPUT_FLAGS: readonly Flag[] = [
  ...grouped('Output', [
    { usage: '--json', meaning: 'Print JSON instead, as docs/*.schema.json describe it' },
    { usage: '--ascii', meaning: 'Draw with ASCII alone' },
    { usage: '--no-color', meaning: 'Draw without colours, as with NO_COLOR=1 (FORCE_COLOR=1 draws with them)' },
    { usage: '--fixed-clock', meaning: 'Show 10 ms from each event to the next, to compare outputs', hidden: true },
  ]),
  ...DEBUG,
];

/** Flags for files with pictures, of commands that run one race. */
export const FILE_FLAGS: readonly Flag[] = grouped('Output', [
  { usage: '--html <file>', meaning: 'Write a report of the race as an HTML page' },
  { usage: '--svg <file>', meaning: 'Write the waterfall of the race as SVG' },
]);

/** The files for pictures of a race. */
export interface Reports {
  write(result: ComparedRace, title: string): void;
  close(): void;
}

type Draw = (result: ComparedRace, title: string) => string;

/**
 * Opens the files before the race begins, so that a mistyped path is reported at once.
 *
 * @throws TypeError for a file that cannot be written, then or later
 */
export function openReports({ html, svg, fixedClock }: Flags): Reports {
  const now = fixedClock ? '' : ` on ${new Date().toISOString()}`;
  const note = `Run${now} by ${packageJson.name} ${packageJson.version}.`;
  if (html !== undefined && html === svg) throw invalidValue('--svg', 'must be another file than that of --html', svg);
  const files: { readonly file: OutputFile; readonly draw: Draw }[] = [];
  const close = () => {
    for (const { file } of files) file.close();
  };
  const open = (flag: string, path: Flags[string], draw: Draw) => {
    if (path !== undefined) files.push({ file: outputFile(flag, String(path)), draw });
  };
  try {
    open('--html', html, ({ events, error, outcome, nodeAlone }, title) => {
      const interrupted = outcome === 'cancelled' ? new Error('The race was interrupted.') : undefined;
      const notes = nodeAlone ? `${nodeAlone.text} ${note}` : note;
      return htmlReport(events, { title, note: notes, error: error ?? interrupted });
    });
    open('--svg', svg, ({ events }) => waterfall(events));
  } catch (error) {
    close();
    throw error;
  }
  return {
    write(result, title) {
      for (const { file, draw } of files) file.write(draw(result, title));
    },
    close,
  };
}
