// What stands on the other peers, where they are installed.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { connect, staticResolver } from 'rx-happy-eyeballs';
import { timeline } from 'rx-happy-eyeballs/pictures';

const has = (name) => existsSync(new URL(`node_modules/${name}`, import.meta.url));
const race = () => connect('peers.example', 80, { resolver: staticResolver([]) }).catch((error) => error);
assert.equal((await race()).name, 'ConnectionError');
assert.equal(typeof timeline([]), 'string');

if (has('prom-client')) {
  const { register } = await import('prom-client');
  const { countRaces } = await import('rx-happy-eyeballs/prometheus');
  const stop = countRaces();
  await race();
  assert.match(await register.metrics(), /\{[^}]*\} 1\n/);
  stop();
}
if (has('@opentelemetry/api')) {
  const { traceRaces } = await import('rx-happy-eyeballs/otel');
  const stop = traceRaces();
  await race();
  stop();
}
if (has('fast-check')) {
  const { explore } = await import('rx-happy-eyeballs/testing');
  const program = async (network) => (await connect('db.example', 5432, network).catch(() => undefined))?.destroy();
  await explore(program, { seed: 42, runs: 20 });
}
process.exit();
