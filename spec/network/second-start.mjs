// Starts a program again and again, whose history is in a file, and prints how many ms each race took, as JSON. Runs within a
// namespace; see second-start.spec.ts.
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import process from 'node:process';

const { FOLDER: folder, LIVE: live } = process.env;
const RUNS = 9;

const PROGRAM = `
  const { createConnector, fileHistory } = require(${JSON.stringify(join(process.cwd(), 'dist', 'index.cjs'))});
  const [file, host] = process.argv.slice(1);
  createConnector({ history: { store: fileHistory(file) } }).race$(host, 80).subscribe((event) => {
    if (event.type !== 'connected') return;
    console.log(event.at);
    event.value.destroy();
  });`;

const start = (host) =>
  Number(execFileSync(process.execPath, ['-e', PROGRAM, join(folder, `${host}.json`), host], { encoding: 'utf8' }));

const server = createServer((socket) => socket.end()).listen(80, live);
await once(server, 'listening');
const first = { broken: start('broken.example'), healthy: start('healthy.example') };
const later = { broken: [], healthy: [] };
for (let run = 0; run < RUNS; run++) for (const name of ['broken', 'healthy']) later[name].push(start(`${name}.example`));
process.stdout.write(`${JSON.stringify({ first, later })}\n`);
process.exit();
