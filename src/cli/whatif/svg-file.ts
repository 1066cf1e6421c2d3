import { closeSync, openSync, writeFileSync } from 'node:fs';
import { invalidValue } from '../../core/input/argument-errors.js';

/**
 * Opens a file at once, so that a mistyped path is reported before long work.
 *
 * @returns writes it
 * @throws TypeError for a file that cannot be written
 */
export function openFile(flag: string, path: string): (text: string) => void {
  let descriptor: number;
  try {
    descriptor = openSync(path, 'w');
  } catch (error) {
    throw invalidValue(flag, `cannot be written (${(error as NodeJS.ErrnoException).code})`, path);
  }
  return (text) => {
    writeFileSync(descriptor, text);
    closeSync(descriptor);
  };
}
