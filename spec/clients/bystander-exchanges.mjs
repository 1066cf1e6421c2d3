// One bystander in a process of its own, with register or an agent loaded before it or after it. Sends what came of an exchange over
// HTTP and of one over HTTPS: how many sockets the bystander saw, or what went wrong.
import http from 'node:http';
import https from 'node:https';
import process from 'node:process';
import { clearTimeout } from 'node:timers';
import { URL } from 'node:url';
import { BYSTANDERS } from './bystanders.mjs';
import { hostOf } from './networks.mjs';

/** ms for an exchange. */
const PATIENCE = 5000;
async function exchanges({ bystander, way, network, ports }) {
  const [how, when] = way.split(' ');
  const load = how === 'register' ? register : how === 'agent' ? agents : () => ({});
  let loaded;
  if (when === 'before') loaded = await load();
  const seen = await BYSTANDERS[bystander]();
  if (when !== 'before') loaded = await load();
  const results = {};
  for (const [scheme, own] of Object.entries({ http, https })) {
    const before = seen?.() ?? 0;
    const outcome = await get(own, `${scheme}://${hostOf(network)}:${ports[scheme]}/`, loaded[scheme]);
    results[scheme] = outcome ?? (seen ? seen() - before : 0);
  }
  return results;
}

const dist = (name) => new URL(`../../dist/${name}.mjs`, import.meta.url);

async function register() {
  await import(dist('register'));
  return {};
}

async function agents() {
  const { HttpAgent, HttpsAgent } = await import(dist('agent'));
  return { http: new HttpAgent(), https: new HttpsAgent() };
}

/** @returns why nothing came, if so */
async function get(own, url, agent) {
  let timer;
  try {
    await new Promise((resolve, reject) => {
      timer = setTimeout(() => reject(new Error('nothing came')), PATIENCE);
      own.get(url, { ...(agent && { agent }) }, (response) => response.resume().on('end', resolve)).on('error', reject);
    });
    return undefined;
  } catch (error) {
    return error.code ?? error.message;
  } finally {
    clearTimeout(timer);
  }
}

process.send(await exchanges(JSON.parse(process.argv[2])), () => process.exit());
