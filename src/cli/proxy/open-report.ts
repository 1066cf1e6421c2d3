import { closeSync, fstatSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { invalidValue } from '../../core/input/argument-errors.js';
import { racesReport, REPORTED_RACES } from './report.js';
import type { EndedRace } from './races.js';

/** The interval between two versions of a report, in ms. */
const REWRITE_INTERVAL = 5000;

/** A report that is updated while races run. */
export interface OpenReport {
  readonly add: (race: EndedRace) => void;
  readonly close: () => void;
}

/**
 * Opens the file at once, so that a mistyped path is reported before the proxy serves anything. The report is written at intervals and
 * at the end.
 *
 * @throws TypeError for a file that cannot be written
 */
export function openReport(path: string, note: string): OpenReport {
  const descriptor = opened(path);
  const races: EndedRace[] = [];
  let isOld = true;
  const write = () => {
    if (!isOld) return;
    isOld = false;
    if (fstatSync(descriptor).isFile()) ftruncateSync(descriptor);
    writeSync(descriptor, racesReport(races, note), 0);
  };
  const writing = setInterval(write, REWRITE_INTERVAL).unref();
  return {
    add: (race) => {
      races.push(race);
      if (races.length > REPORTED_RACES) races.shift();
      isOld = true;
    },
    close: () => {
      clearInterval(writing);
      write();
      closeSync(descriptor);
    },
  };
}

function opened(path: string): number {
  try {
    return openSync(path, 'w');
  } catch (error) {
    throw invalidValue('--html', `cannot be written (${(error as NodeJS.ErrnoException).code})`, path);
  }
}
