import { appendFileSync, closeSync, constants, fstatSync, openSync, renameSync, statSync } from 'node:fs';
import { realTime } from '../rx/real-time.js';

/** Lines that are written to a file now and then. */
export interface LineFile {
  readonly add: (line: string) => void;
}

/** ms for which a line may wait. */
const FLUSH_INTERVAL = 1000;

/** Characters that wait at most. */
const MOST_WAITING = 64 * 2 ** 10;

/**
 * A file of lines that is bounded: when it is full it becomes `<path>.1`, in place of the one before, and a new one is begun.
 *
 * Lines are written together: after a second, when many wait, and when the process exits. Nothing of it keeps a process alive.
 * Several processes may write to one file, since each writes whole lines to its end.
 *
 * @param most bytes of one file; a longer line is left out
 * @param failed called once, when the file cannot be written; then nothing is written any more
 */
export function lineFile(path: string, most: number, failed: (error: Error) => void): LineFile {
  let waiting: string[] = [];
  let size = 0;
  let timer: NodeJS.Timeout | undefined;
  let isBroken = false;

  const fail = (error: unknown) => {
    isBroken = true;
    process.off('exit', flush);
    failed(error as Error);
  };
  const flush = () => {
    realTime().clearTimeout(timer);
    timer = undefined;
    if (isBroken || waiting.length === 0) return;
    const text = waiting.join('');
    waiting = [];
    size = 0;
    try {
      write(path, text, most);
    } catch (error) {
      fail(error);
    }
  };
  process.on('exit', flush);
  // At once, while there is still time to tell of it.
  try {
    closeSync(open(path));
  } catch (error) {
    fail(error);
  }

  return {
    add(line) {
      if (isBroken || line.length >= most) return;
      waiting.push(`${line}\n`);
      size += line.length;
      if (size >= Math.min(MOST_WAITING, most / 2)) flush();
      else timer ??= realTime().setTimeout(flush, FLUSH_INTERVAL).unref();
    },
  };
}

/** It is opened each time, since another process may have begun a new one. */
function write(path: string, text: string, most: number): void {
  const bytes = Buffer.from(text);
  let descriptor = open(path);
  try {
    const { size, ino } = fstatSync(descriptor);
    if (size > 0 && size + bytes.length > most) {
      // Unless another process has done so since it was opened.
      if (statSync(path, { throwIfNoEntry: false })?.ino === ino) renameSync(path, `${path}.1`);
      closeSync(descriptor);
      descriptor = open(path);
    }
    appendFileSync(descriptor, bytes);
  } finally {
    closeSync(descriptor);
  }
}

/** Where a program connects to is for its owner to know. */
const OWNER_ALONE = 0o600;

/** A pipe without a reader must not stop the process. Windows has no such flag. */
const NOT_BLOCKING = (constants as { O_NONBLOCK?: number }).O_NONBLOCK ?? 0;

function open(path: string): number {
  return openSync(path, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | NOT_BLOCKING, OWNER_ALONE);
}
