// Clients of npm as they are, in networks where addresses are dead, slow or stalled, plain and with rx-happy-eyeballs/register:
// whatever works plain has to work with it, and as fast. Run it by `npm run test:clients`, which installs them.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { fileURLToPath, pathToFileURL, URL } from 'node:url';
import { parseArgs } from 'node:util';
import { BYSTANDERS } from './bystanders.mjs';
import { CLIENTS } from './clients.mjs';
import { FILES, hostOf, LINK_VARIABLES, NETWORKS } from './networks.mjs';
import { bystanderProblems, cellsOf, problemsOf } from './judge.mjs';
import { markdown, write } from './table.mjs';

/** Whether a TLS client has to get through where the handshake of the first address stalls. */
const TLS_STALL = 'required';

/** What is worse is run again so often before it counts. */
const SECOND_CHANCES = 2;

const HELP = `Usage: npm run test:clients -- [options]

Runs the clients of spec/clients plain and with rx-happy-eyeballs/register, and prints what each exchange took in ms. Exit status:
0 register is nowhere worse than plain Node, 1 it is, 2 bad arguments, or no network namespace can be made.

  --sample N          only N of the clients, evenly spread
  --only PATTERN      only the clients whose name matches this regular expression
  --node PATH         the Node.js that runs the clients; default: the one that runs this
  --jobs N            clients at the same time; default: 2
  --tls-stall HOW     required: a TLS client has to get through where the handshake stalls; reported: the table says so.
                      Default: ${TLS_STALL}
  --write             renews docs/clients.md with the table
  --help              prints this
`;

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

class Failure extends Error {}

try {
  process.exitCode = await main(readArguments());
} catch (error) {
  if (!(error instanceof Failure)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}

function readArguments() {
  try {
    const { values } = parseArgs({
      options: {
        sample: { type: 'string', default: String(CLIENTS.length) },
        only: { type: 'string', default: '' },
        node: { type: 'string', default: process.execPath },
        jobs: { type: 'string', default: '2' },
        'tls-stall': { type: 'string', default: TLS_STALL },
        write: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    const [sample, jobs] = [Number(values.sample), Number(values.jobs)];
    if (!(Number.isSafeInteger(sample) && sample > 0)) throw new RangeError('--sample must be a whole number above 0');
    if (!(Number.isSafeInteger(jobs) && jobs > 0)) throw new RangeError('--jobs must be a whole number above 0');
    if (!['required', 'reported'].includes(values['tls-stall'])) throw new RangeError('--tls-stall must be required or reported');
    return { ...values, sample, jobs, only: new RegExp(values.only), isStallRequired: values['tls-stall'] === 'required' };
  } catch (error) {
    throw new Failure(`${error.message}\n\n${HELP}`);
  }
}

async function main({ help, sample, only, node, jobs, isStallRequired, write: isWriting }) {
  if (help) {
    console.log(HELP);
    return 0;
  }
  if (!existsSync(here('../../dist/register.mjs'))) throw new Failure('this runs the built package: npm run build');
  const version = versionOf(node);
  const bystanders = Object.keys(BYSTANDERS).filter((name) => only.test(name));
  const all = CLIENTS.map((_client, index) => index).filter((index) => only.test(CLIENTS[index].name));
  const chosen = all.filter(
    (_index, at) => Math.floor((at * sample) / all.length) !== Math.floor(((at - 1) * sample) / all.length),
  );

  const work = mkdtempSync(join(tmpdir(), 'clients-'));
  try {
    const surroundings = await surroundingsIn(work);
    const results = await run(surroundings, { clients: chosen, bystanders, node, jobs });
    const rows = cellsOf(results.filter(({ plain }) => plain));
    console.log(markdown(rows));
    if (isWriting) await write(rows, version);

    // What differs is run again, alone: what passes then was an accident of load.
    let problems = problemsOf(rows, { isStallRequired });
    for (let chance = 0; chance < SECOND_CHANCES && problems.length > 0; chance++) {
      const again = [...new Set(problems.map(({ client }) => client))];
      const repeated = cellsOf(await run(surroundings, { clients: again, bystanders: [], node, jobs: 1 }));
      const known = new Set(problems.map(placeOf));
      problems = problemsOf(repeated, { isStallRequired }).filter((problem) => known.has(placeOf(problem)));
    }
    for (const { message } of problems) console.error(message);
    const ways = rows.length;
    const hindered = results.flatMap((result) => (result.bystander ? bystanderProblems(result) : []));
    for (const message of hindered) console.error(message);
    console.log(
      `Node.js ${version}: ${chosen.length} clients in ${ways} ways, ${problems.length} cells worse with register; ${bystanders.length} bystanders, ${hindered.length} hindered`,
    );
    return problems.length + hindered.length === 0 ? 0 : 1;
  } finally {
    rmSync(work, { recursive: true });
  }
}

function placeOf({ client, server, network }) {
  return `${client} ${server} ${network}`;
}

function versionOf(node) {
  const { status, stdout } = spawnSync(node, ['--version'], { encoding: 'utf8' });
  if (status !== 0) throw new Failure(`${node} is not a Node.js that runs`);
  return stdout.trim().slice(1);
}

/** The files of /etc, and the certificate of all names. */
async function surroundingsIn(folder) {
  for (const [name, text] of Object.entries(FILES)) writeFileSync(join(folder, name), text);
  const authority = await (await certificates()).createAuthority();
  writeFileSync(join(folder, 'ca.pem'), authority.ca);
  const credentials = await authority.issue(Object.keys(NETWORKS).map(hostOf));
  return { folder, credentials };
}

/** The specs' own authority, which is written in TypeScript. */
async function certificates() {
  const { default: ts } = await import('typescript');
  const source = readFileSync(here('../support/certificates.ts'), 'utf8');
  const { outputText } = ts.transpileModule(source, {
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
  });
  // Beside the clients, so that it finds its own imports in the folders above.
  const folder = here('node_modules/.cache');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'certificates.mjs');
  writeFileSync(file, outputText);
  return import(pathToFileURL(file).href);
}

/** Runs clients in a network namespace of their own. */
async function run({ folder, credentials }, { clients, bystanders, node, jobs }) {
  const task = {
    credentials,
    clients,
    bystanders,
    node,
    jobs,
    env: { NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem'), NODE_OPTIONS: '' },
    register: new URL('../../dist/register.mjs', import.meta.url).href,
  };
  const mounts = Object.keys(FILES).map((name) => `mount --bind ${folder}/${name} /etc/${name}`);
  const enter = ['ip link set lo up', ...mounts, 'exec "$@"'].join('; ');
  const program = ['perl', here('tun.pl'), process.execPath, here('within.mjs'), JSON.stringify(task)];
  const child = spawn('unshare', ['--net', '--mount', 'sh', '-ec', enter, 'sh', ...program], {
    env: { ...process.env, ...LINK_VARIABLES },
    // It ends with its standard input, and so with this process.
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const results = [];
  createInterface({ input: child.stdout }).on('line', (line) => {
    results.push(JSON.parse(line));
    if (process.stderr.isTTY) process.stderr.write(`\r${results.length} of ${clients.length + bystanders.length} `);
  });
  const [status] = await once(child, 'close');
  if (status !== 0)
    throw new Failure('no network namespace with a link of its own: unshare, ip, perl and /dev/net/tun are needed, as root');
  return results.sort((a, b) => (a.client ?? Infinity) - (b.client ?? Infinity));
}
