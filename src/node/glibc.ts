import { readFileSync } from 'node:fs';
import { toError } from '../core/error-tools.js';
import { debug } from '../observe/debug.js';

/** `libc.so.6`, or with its version before glibc 2.34; a file that has been replaced since is marked as deleted. */
const GLIBC = /\/libc(?:-2\.\d+\.so|\.so\.6)(?: \(deleted\))?$/m;

/** Whether glibc is among the files that a process has mapped: proc_pid_maps(5). musl is `ld-musl-*.so.1` or `libc.so`. */
export function mapsGlibc(maps: string): boolean {
  return GLIBC.test(maps);
}

let known: boolean | undefined;

/**
 * Whether this process has its `getaddrinfo` from glibc.
 *
 * Its mappings are read once, in about 1 ms: `process.report` would say it too, but takes ten times as long.
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
