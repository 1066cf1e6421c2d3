// Node's own tests of net, tls, http, https and http2, natively and with `--import rx-happy-eyeballs/register`: whatever passes
// natively has to pass with it. They come from Debian's source package of Node, by the machine's own mirror, and stay outside
// the repository.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { clearTimeout } from 'node:timers';
import { setTimeout as sleep } from 'node:timers/promises';
import { URL } from 'node:url';
import { parseArgs } from 'node:util';

const HELP = `Usage: npm run test:node-suite -- [options]

Runs Node's own tests of net, tls, http, https and http2 twice, natively and with rx-happy-eyeballs/register, and prints which
of them pass natively only. Exit status: 0 none but those listed in scripts/node-suite-differences.json, 1 others, 2 bad
arguments or no tests, 130 interrupted.

  --only PATTERN   only the tests whose name matches this regular expression
  --sample N       only N of them, evenly spread
  --jobs N         tests at the same time; default: as many as there are processors
  --timeout S      seconds that one run of a test may take; default: 60
  --help           prints this

The tests are kept in the directory that NODE_SUITE_DIR names; default: ${suiteDirectory()}
`;

const REGISTER = new URL('../dist/register.mjs', import.meta.url);
/** The arguments of Node that make its sockets race. */
const REGISTERED = ['--import', REGISTER.href];
const DIFFERENCES = new URL('node-suite-differences.json', import.meta.url);
const TESTS = /^test-(net|tls|https?|http2)-.*\.m?js$/;
/** The release of Debian whose Node is of the line that the package is made for. */
const RELEASE = 'trixie';
/** How much of a test's output is kept: its end. */
const OUTPUT_KEPT = 4000;
/** What differs is run again, alone: what passes then was an accident of load. */
const SECOND_CHANCES = 2;

class Failure extends Error {}

const children = new Set();
/** Where the tests are being fetched to. */
let work;
for (const [signal, status] of Object.entries({ SIGINT: 130, SIGTERM: 143 })) {
  process.on(signal, () => {
    progress('');
    for (const child of children) end(child);
    removeWork();
    process.exit(status);
  });
}

try {
  process.exitCode = await main(readArguments());
} catch (error) {
  if (!(error instanceof Failure)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}

async function main({ only, sample, jobs, limit }) {
  if (!existsSync(REGISTER)) throw new Failure('There is no dist/register.mjs: run `npm run build` before.');
  const directory = join(await fetchTests(), 'parallel');
  const all = (await readdir(directory)).filter((file) => TESTS.test(file) && only.test(file)).sort();
  const tests = all.filter(
    (_, i) => sample >= all.length || Math.floor((i * sample) / all.length) !== Math.floor(((i - 1) * sample) / all.length),
  );
  if (tests.length === 0) throw new Failure('No test has such a name.');

  const run = (file, job, how) => runTest(join(directory, file), job, how, limit);
  const results = new Map();
  const waiting = [...tests];
  const work = async (job) => {
    for (let file = waiting.shift(); file; file = waiting.shift()) {
      progress(`${results.size}/${tests.length}  ${file}`);
      results.set(file, { native: await run(file, job, []), raced: await run(file, job, REGISTERED) });
    }
  };
  await Promise.all(Array.from({ length: Math.min(jobs, tests.length) }, (_, job) => work(job + 1)));

  for (const [file, result] of results) {
    for (let i = 0; i < SECOND_CHANCES && result.native.passed && !result.raced.passed; i++) {
      progress(`again  ${file}`);
      const raced = await run(file, 1, REGISTERED);
      results.set(file, Object.assign(result, raced.passed ? { raced } : { native: await run(file, 1, []) }));
    }
  }
  progress('');
  return report(results, JSON.parse(await readFile(DIFFERENCES, 'utf8')));
}

function report(results, reasons) {
  const differing = [...results].filter(([, { native, raced }]) => native.passed && !raced.passed);
  const unexpected = differing.filter(([file]) => !(file in reasons));
  const stale = Object.keys(reasons).filter((file) => {
    const result = results.get(file);
    return result?.native.passed && result.raced.passed;
  });
  const count = (holds) => [...results.values()].filter(holds).length;

  for (const [file, { raced }] of unexpected) {
    console.log(`\n== ${file}: passes natively, ${raced.outcome} with register`);
    console.log(raced.output.trimEnd());
  }
  console.log(`\n${results.size} tests with Node ${process.versions.node}`);
  console.log(
    `  ${count(({ native }) => native.passed)} pass natively, of which ${count(({ native }) => native.skipped)} skip themselves`,
  );
  console.log(`  ${count(({ native, raced }) => native.passed && raced.passed)} of these pass with register`);
  console.log(`  ${differing.length - unexpected.length} differ for a known reason`);
  console.log(`  ${unexpected.length} differ otherwise${unexpected.map(([file]) => `\n    ${file}`).join('')}`);
  for (const file of stale) console.log(`${file} is listed in scripts/node-suite-differences.json, but does not differ`);
  return unexpected.length > 0 ? 1 : 0;
}

async function runTest(path, job, how, limit) {
  const flags =
    /^\/\/ Flags:\s+(--.*)$/m
      .exec(await readFile(path, 'utf8'))?.[1]
      .trim()
      .split(/\s+/) ?? [];
  const child = start(process.execPath, [...flags, ...how, path], {
    cwd: join(path, '../../..'),
    // Each job has a temporary directory of its own.
    env: { ...process.env, TEST_THREAD_ID: String(job), NODE_OPTIONS: '', RX_HAPPY_EYEBALLS: '' },
  });
  let overdue = false;
  const timer = setTimeout(() => {
    overdue = true;
    end(child);
  }, limit * 1000);
  const { status, signal, output } = await result(child, OUTPUT_KEPT);
  clearTimeout(timer);
  const outcome = overdue ? `is not done after ${limit} s` : status === 0 ? 'passes' : `fails (${signal ?? status})`;
  return { passed: status === 0, skipped: /^1\.\.0 # Skipped/m.test(output), outcome, output };
}

/** The directory `test` of Node's source, fetched unless it is there. */
async function fetchTests() {
  const directory = suiteDirectory();
  const tests = join(directory, 'test');
  if (existsSync(tests)) return tests;

  progress('fetching the source package of nodejs');
  await mkdir(directory, { recursive: true });
  work = await mkdtemp(join(directory, 'fetch-'));
  try {
    const archive = await fetchSource();
    progress('unpacking the tests');
    const wanted = ['parallel', 'common', 'fixtures'].map((folder) => `*/test/${folder}`);
    await command('tar', ['-xJf', archive, '--strip-components=1', '--no-same-owner', '--wildcards', ...wanted], work);
    // Only what is whole gets its name.
    await rename(join(work, 'test'), tests);
    return tests;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    throw new Failure(`The source package of nodejs (${RELEASE}) cannot be had:\n${error.message}`);
  } finally {
    removeWork();
  }
}

function removeWork() {
  if (work) rmSync(work, { recursive: true, force: true });
}

/**
 * Fetches the source package, with lists that are its own: those of the machine stay as they are.
 *
 * @returns the archive of Node's own source
 */
async function fetchSource() {
  const failures = [];
  for (const mirror of await mirrors()) {
    await writeFile(
      join(work, 'source.sources'),
      `Types: deb-src\nURIs: ${mirror}\nSuites: ${RELEASE}\nComponents: main\nSigned-By: /usr/share/keyrings/debian-archive-keyring.gpg\n`,
    );
    await mkdir(join(work, 'lists/partial'), { recursive: true });
    await mkdir(join(work, 'cache/archives/partial'), { recursive: true });
    const settings = {
      'Dir::Etc::sourcelist': join(work, 'source.sources'),
      'Dir::Etc::sourceparts': '-',
      'Dir::State::lists': join(work, 'lists'),
      'Dir::Cache': join(work, 'cache'),
      // The user who fetches for root may not write here.
      'APT::Sandbox::User': 'root',
      'APT::Update::Error-Mode': 'any',
    };
    const options = Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
    try {
      await command('apt-get', [...options, '-q', 'update'], work);
      await command('apt-get', [...options, '-q', 'source', '--download-only', 'nodejs'], work);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      failures.push(error.message);
    }
    // A mirror may lack some file of the source package; apt keeps those that it has fetched and verified.
    const archive = (await readdir(work)).find((file) => file.endsWith('.orig.tar.xz'));
    if (archive) return archive;
  }
  throw new Failure(failures.join('\n') || 'apt of this machine knows no mirror');
}

/** Where apt of this machine gets Debian from, whatever the format of its lists. */
async function mirrors() {
  const { output } = await command('apt-get', ['-q', 'update', '--print-uris']);
  return new Set([...output.matchAll(/^'(.+)\/dists\/[^/']+\/[^/']+'/gm)].map(([, mirror]) => mirror));
}

async function command(name, given, cwd) {
  const done = await result(start(name, given, { cwd, env: { ...process.env, LC_ALL: 'C' } }));
  if (done.status === 0) return done;
  throw new Failure(`${name}: ${done.output.trim() || `status ${done.status}`}`);
}

/** Starts a child in a process group of its own, so that what it starts can be ended with it. */
function start(name, given, options) {
  const child = spawn(name, given, { ...options, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  children.add(child);
  return child;
}

function end({ pid }) {
  try {
    if (pid) process.kill(-pid, 'SIGKILL');
  } catch {
    // Nothing is left of it.
  }
}

async function result(child, kept = Infinity) {
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      output = (output + text).slice(-kept);
    });
  }
  const closed = once(child, 'close').catch(() => undefined);
  try {
    const [status, signal] = await once(child, 'exit');
    end(child); // what it has left behind, which may hold its output open
    await Promise.race([closed, sleep(1000)]);
    return { status, signal, output };
  } catch (error) {
    return { status: 127, signal: null, output: error.message };
  } finally {
    children.delete(child);
  }
}

function progress(text) {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text.slice(0, (process.stderr.columns || 80) - 1)}`);
}

function suiteDirectory() {
  return resolve(process.env.NODE_SUITE_DIR || join(tmpdir(), 'rx-happy-eyeballs-node-suite'));
}

function readArguments() {
  const wrong = (message) => {
    console.error(`${message}\n\n${HELP}`);
    process.exit(2);
  };
  const read = () => {
    try {
      return parseArgs({
        options: {
          only: { type: 'string', default: '' },
          sample: { type: 'string' },
          jobs: { type: 'string', default: String(availableParallelism()) },
          timeout: { type: 'string', default: '60' },
          help: { type: 'boolean' },
        },
      }).values;
    } catch (error) {
      return wrong(error.message);
    }
  };
  const { only, help, ...numbers } = read();
  if (help) {
    console.log(HELP);
    process.exit(0);
  }
  for (const [name, value] of Object.entries(numbers)) if (!/^[1-9]\d*$/.test(value)) wrong(`--${name} takes a whole number`);
  const { sample = Infinity, jobs, timeout: limit } = numbers;
  try {
    return { only: new RegExp(only), sample: Number(sample), jobs: Number(jobs), limit: Number(limit) };
  } catch (error) {
    return wrong(error.message);
  }
}
