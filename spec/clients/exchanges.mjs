// One client in a process of its own: one exchange with each server in each network, all networks at once, after one that is not
// counted. Sends what each took, by server and network; what failed is left out.
import process from 'node:process';
import { clearTimeout } from 'node:timers';
import { CLIENTS } from './clients.mjs';
import { hostOf, NETWORKS, SECURE } from './networks.mjs';

/** ms for an exchange. */
const PATIENCE = 5000;

process.on('disconnect', () => process.exit());
/** Libraries throw what a failed connection leaves behind. */
process.on('uncaughtException', complain).on('unhandledRejection', complain);

const { client: index, ports } = JSON.parse(process.argv[2]);
const { over, connect } = CLIENTS[index];
const results = {};
for (const server of over) {
  const isSecure = SECURE.has(server);
  const networks = Object.keys(NETWORKS).filter((name) => isSecure || !NETWORKS[name].isForTls);
  const exchange = (name) => timed(targetOf(name, server, isSecure));
  await exchange('good');
  // By itself: what the others have above it is their networks'.
  const good = await exchange('good');
  const times = await Promise.all(networks.map((name) => (name === 'good' ? good : exchange(name))));
  results[server] = Object.fromEntries(networks.map((name, at) => [name, times[at]]));
}
process.send(results, () => process.exit());

function targetOf(network, server, isSecure) {
  const [host, port] = [hostOf(network), ports[server]];
  const url = (scheme = isSecure ? 'https' : 'http') => `${scheme}://${host}:${port}/`;
  return { host, port, isSecure, url };
}

async function timed(target) {
  const began = performance.now();
  let timer;
  try {
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error('nothing for 5 s')), PATIENCE);
    });
    await Promise.race([connect(target), late]);
    return Math.round(performance.now() - began);
  } catch (error) {
    complain(error, target);
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}

function complain(error, { host, port } = {}) {
  if (process.env.CLIENTS_DEBUG) console.error(host, port, error);
}
