import { readFileSync } from 'node:fs';
import { toError } from '../core/error-tools.js';
import { debug } from '../observe/debug.js';

/** `libc.so.6`, or the versioned name before glibc 2.34. A file that was replaced meanwhile is marked as deleted. */
const GLIBC = /\/libc(?:-2\.\d+\.so|\.so\.6)(?: \(deleted\))?$/m;

/** Whether a process has mapped glibc: proc_pid_maps(5). musl is `ld-musl-*.so.1` or `libc.so`. */
export function mapsGlibc(maps: string): boolean {
  return GLIBC.test(maps);
}

let known: boolean | undefined;

/**
 * Whether this process's `getaddrinfo` is glibc's.
 *
 * Reads the process's mappings once, in about 1 ms. `process.report` would also tell, but takes ten times as long.
 */
export function usesGlibc(): boolean {
  return (known ??= process.platform === 'linux' && mapsGlibc(ownMappings()));
}

function ownMappings(): string {
  try {
    return readFileSync('/proc/self/maps', 'latin1');
  } catch (error) {
    debug('whether this system is glibc’s is unknown: %s', toError(error).message);
    return '';
  }
}
