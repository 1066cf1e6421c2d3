#!/usr/bin/env node
import { main } from './main.js';
import { FAILED } from './terminal.js';

/** The exit status of a program that SIGPIPE has ended. */
const READ_ENOUGH = 141;

// The reader may have read enough: `rx-happy-eyeballs | head -1`.
process.stdout.on('error', ({ code }: NodeJS.ErrnoException) => {
  if (code === 'EPIPE') process.exit(READ_ENOUGH);
  process.stderr.write(`Standard output cannot be written (${code}).\n`);
  process.exit(FAILED);
});
process.stderr.on('error', () => undefined); // a message could be written nowhere else
// Not awaited here: what is loaded later imports from this module's chunk, and would wait for it to end.
void main(process.argv.slice(2), process, new URL('register.mjs', import.meta.url).href).then((status) => {
  process.exitCode = status;
});
