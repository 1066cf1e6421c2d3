#!/usr/bin/env node
import { main } from './main.js';

// Whoever reads may have read enough: `rx-happy-eyeballs | head -1`.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});
process.exitCode = await main(process.argv.slice(2), process);
