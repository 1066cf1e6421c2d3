// Reads mutated DNS messages, 200,000 by default: each must be read or refused, none may take long, and memory must not grow.
// The spec reads them, and takes their number from the environment.
import { spawn } from 'node:child_process';
import { once } from 'node:events';

const env = { ...process.env, MESSAGES: process.argv[2] ?? '200000' };
const jest = spawn('npx', ['jest', 'spec/node/mutated-dns.spec.ts', '--testTimeout', '600000'], { env, stdio: 'inherit' });
const [status] = await once(jest, 'close');
process.exit(status ?? 1);
