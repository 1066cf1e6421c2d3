import { closeSync, constants, fstatSync, ftruncateSync, openSync, writeFileSync } from 'node:fs';
import { invalidValue } from '../core/input/argument-errors.js';

/** Creates a missing file and keeps an existing one. On Windows, a file opened to append cannot be truncated later. */
const KEEPING = constants.O_WRONLY | constants.O_CREAT;

/** The file of a flag, which is written at the end. */
export interface OutputFile {
  readonly write: (text: string) => void;
  readonly close: () => void;
}

/**
 * Opens a file before there is anything to write, so that a mistyped path is reported at once. Its contents stay until it is written.
 * Pipes and devices are not truncated.
 *
 * @throws TypeError that names the flag, for a file that cannot be written; `write` throws the same and closes the file
 */
export function outputFile(flag: string, path: string): OutputFile {
  let descriptor: number | undefined;
  const close = () => {
    if (descriptor !== undefined) closeSync(descriptor);
    descriptor = undefined;
  };
  const attempt = <T>(work: () => T): T => {
    try {
      return work();
    } catch (error) {
      close();
      throw invalidValue(flag, `cannot be written (${(error as NodeJS.ErrnoException).code})`, path);
    }
  };
  descriptor = attempt(() => openSync(path, KEEPING));
  const open = descriptor;
  return {
    write: (text) =>
      attempt(() => {
        if (fstatSync(open).isFile()) ftruncateSync(open);
        writeFileSync(open, text);
      }),
    close,
  };
}
