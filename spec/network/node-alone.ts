import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { blackhole, healthy } from '../../src/cli/lab.js';
import type { Fate, ModelledClient, ModelledNetwork } from '../../src/models/model.js';
import { node20, node26, nodeAlone } from '../../src/models/node.js';
import { open, tcpServer } from '../support/fixtures.js';

// Run by node-alone.spec.ts in a network of its own, where each of these names has the addresses of the hosts file.

/** The Node that runs this: a model for each kind. */
const major = Number(process.versions.node.split('.')[0]);
const MODEL: ModelledClient = major >= 26 ? node26 : node20;
const TIMEOUT = major >= 26 ? 500 : 250;

const SILENT: Fate = { type: 'silent' };
const AT_ONCE: Fate = { type: 'connects', after: 0 };
const REFUSED: Fate = { type: 'fails', after: 0, code: 'ECONNREFUSED' };

/** ms that a machine may be slower than a model, for each attempt. */
const SLOWNESS = 400;

const program = (host: string, port: number, tls: boolean, patience: number) => `
  import net from 'node:net';
  import tls from 'node:tls';
  const began = performance.now();
  const attempts = [];
  const say = (rest) => {
    console.log(JSON.stringify({ at: performance.now() - began, attempts, ...rest }));
    process.exit();
  };
  const socket = ${tls ? 'tls' : 'net'}.connect({ host: '${host}', port: ${port}, rejectUnauthorized: false });
  socket.on('connectionAttempt', (address) => attempts.push(address));
  socket.on('${tls ? 'secureConnect' : 'connect'}', () => say({ winner: socket.remoteAddress }));
  socket.on('error', ({ name, constructor, code, message }) => say({ error: { name: constructor.name, code, message } }));
  setTimeout(() => say({}), ${patience});
`;

interface Outcome {
  readonly at: number;
  readonly attempts: readonly string[];
  readonly winner?: string;
  readonly error?: object;
}

async function realNode(host: string, port: number, { tls = false, patience = 6000 } = {}): Promise<Outcome> {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program(host, port, tls, patience)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let printed = '';
  child.stdout.on('data', (data: Buffer) => (printed += data.toString()));
  await once(child, 'close');
  return JSON.parse(printed) as Outcome;
}

/** The model and the real one agree: attempts, winner or error, and the time. */
async function agree(
  host: string,
  port: number,
  fates: Record<string, Fate>,
  options: { tls?: boolean; patience?: number } = {},
) {
  const addresses = Object.keys(fates);
  const network: ModelledNetwork = {
    host,
    port,
    answers: {
      AAAA: { at: 0, addresses: addresses.filter((one) => one.includes(':')) },
      A: { at: 0, addresses: addresses.filter((one) => !one.includes(':')) },
    },
    fates,
  };
  const modelled = MODEL.run(network);
  const real = await realNode(host, port, options);
  // A connection to the first address of a single one has no event of Node's.
  if (addresses.length > 1) expect(real.attempts).toEqual(modelled.attempts.map(({ address }) => address));
  expect(real.winner).toBe(modelled.winner?.address);
  if (modelled.endedAt < Infinity && modelled.endedAt < (options.patience ?? 6000)) {
    expect(real.error).toEqual(modelled.error);
    expect(real.at).toBeGreaterThan(modelled.endedAt - 5);
    expect(real.at).toBeLessThan(modelled.endedAt + SLOWNESS * modelled.attempts.length);
  } else expect(real).not.toHaveProperty('error');
}

// It starts processes, on a machine that may be busy.
jest.setTimeout(30_000);

describe(`Node ${process.versions.node} does what its model does`, () => {
  it('where the first address is silent', async () => {
    const { port } = await open(blackhole('::1'));
    await open(healthy('127.0.0.1', port));
    await agree('two.example', port, { '::1': SILENT, '127.0.0.1': AT_ONCE });
  });

  it('where the first refuses', async () => {
    const { port } = await open(healthy('127.0.0.1'));
    await agree('two.example', port, { '::1': REFUSED, '127.0.0.1': AT_ONCE });
  });

  it('where all refuse: an AggregateError without a message', async () => {
    const { port, close } = await healthy('127.0.0.1');
    await close();
    await agree('two.example', port, { '::1': REFUSED, '127.0.0.1': REFUSED });
  });

  it('where the only address refuses: its own error', async () => {
    const { port, close } = await healthy('127.0.0.1');
    await close();
    await agree('one.example', port, { '127.0.0.1': REFUSED });
  });

  it('where the only address is silent for longer than the timeout: it waits', async () => {
    const { port } = await open(blackhole('127.0.0.1', 0));
    await agree('one.example', port, { '127.0.0.1': SILENT }, { patience: 1500 });
  });

  it('where families alternate, and all but the last are silent', async () => {
    const { port } = await open(blackhole('::1'));
    await open(blackhole('127.0.0.1', port));
    await open(blackhole('fd00::2', port));
    await open(healthy('127.0.0.2', port));
    await agree('four.example', port, { '::1': SILENT, 'fd00::2': SILENT, '127.0.0.1': SILENT, '127.0.0.2': AT_ONCE });
  });

  it('where the last is silent: it has no timeout', async () => {
    const { port } = await open(blackhole('::1'));
    await open(blackhole('127.0.0.1', port));
    await agree('two.example', port, { '::1': SILENT, '127.0.0.1': SILENT }, { patience: 2500 });
  });

  it('where TLS stalls at the first: it waits', async () => {
    const { port } = await tcpServer('::1', 0);
    await open(healthy('127.0.0.1', port));
    const stalls: Fate = { type: 'connects', after: 0, tls: { type: 'stalls' } };
    await agree('two.example', port, { '::1': stalls, '127.0.0.1': AT_ONCE }, { tls: true, patience: 2000 });
  });

  it('where there is no such name', async () => {
    const { winner, error } = await realNode('nowhere.example', 80);
    expect({ winner, error }).toEqual({
      winner: undefined,
      error: MODEL.run({ host: 'nowhere.example', port: 80, answers: {}, fates: {} }).error,
    });
  });

  it('and has the timeout of its model', () => {
    const { endedAt } = nodeAlone('', { attemptTimeout: TIMEOUT }).run({
      answers: { AAAA: { at: 0, addresses: ['::1'] }, A: { at: 0, addresses: ['127.0.0.1'] } },
      fates: { '127.0.0.1': AT_ONCE },
    });
    expect(endedAt).toBe(TIMEOUT);
  });
});
