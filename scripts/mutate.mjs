/**
 * Mutation testing: changes the package in thousands of small ways, and counts the changes that no spec notices.
 *
 *     npm run mutate -- [room …] [--file text] [--concurrency 2] [--sample 0.25 [--seed 1]] [--survivors] [--kept] [--write]
 *
 * A room is a part of the package with the specs that have to notice. Its results are kept in coverage/mutation, and `--write` puts
 * those of all rooms into docs/mutation.md. `--kept` runs nothing, and goes by what is kept. `--sample` tries a share of a room's
 * mutants, chosen by the seed. `--survivors` tries those again that survived the last run, and keeps what is known of the others:
 * for specs that were added, as long as the room's sources are the same. `--file` changes only files whose path contains its text,
 * and its results stay out of those of the room. Those that survived are listed. The exit status is 1 where fewer than 90 % of a
 * room's mutants are noticed.
 */
import { readdirSync, readFileSync, writeFileSync, existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { Stryker } from '@stryker-mutator/core';
import { interval, isInSample, keyOf } from './mutation/sample.mjs';

/** Files that are changed, and specs, those that are quick first. A folder stands for all that is in it. */
const ROOMS = {
  address: { mutate: ['src/core/address/'], specs: ['spec/core/', 'spec/node/filter.spec.ts', 'spec/nat64.spec.ts'] },
  race: {
    mutate: ['src/core/race/'],
    specs: ['spec/core/', 'spec/rfc6724.spec.ts', 'spec/rfc8305.spec.ts', 'spec/service-records.spec.ts', 'spec/rx/race', 'spec/hev3.spec.ts', 'spec/nat64.spec.ts'],
  },
  input: {
    mutate: ['src/core/input/', 'src/core/*.ts'],
    specs: ['spec/core/', 'spec/plan/', 'spec/connect.spec.ts', 'spec/hostile/linear.spec.ts', 'spec/rx/race'],
  },
  rx: {
    mutate: ['src/rx/'],
    specs: ['spec/rx/', 'spec/rfc8305.spec.ts', 'spec/connect.spec.ts', 'spec/hostile/streams.spec.ts', 'spec/nat64.spec.ts', 'spec/service-records.spec.ts', 'spec/hev3.spec.ts'],
  },
  filters: { mutate: ['src/node/filter.ts'], specs: ['spec/node/filter.spec.ts'] },
  sessions: {
    mutate: ['src/connector/tls-sessions.ts', 'src/connector/print.ts', 'src/node/secure-context.ts'],
    specs: ['spec/connector/print.spec.ts', 'spec/connector/sessions.spec.ts', 'spec/node/secure-context.spec.ts', 'spec/connector/tls-sessions.spec.ts', 'spec/node/tls.spec.ts'],
  },
  'stand-in': { mutate: ['src/stand-in/'], specs: ['spec/stand-in/'] },
}; // prettier-ignore

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    file: { type: 'string' },
    concurrency: { type: 'string', default: '2' },
    sample: { type: 'string', default: '1' },
    seed: { type: 'string', default: '1' },
    survivors: { type: 'boolean', default: false },
    kept: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
});
const sample = { share: Number(values.sample), seed: Number(values.seed) };
if (!(sample.share > 0 && sample.share <= 1)) throw new Error('--sample must be over 0, and 1 at most');
if (values.write && values.file) throw new Error('--write needs the results of whole rooms, without --file');
const unknown = positionals.filter((name) => !(name in ROOMS));
if (unknown.length > 0) throw new Error(`no room: ${unknown.join(', ')}; there are ${Object.keys(ROOMS).join(', ')}`);

const specs = readdirSync('spec', { recursive: true, encoding: 'utf8' })
  .map((file) => `spec/${file}`)
  .filter((file) => file.endsWith('.spec.ts'))
  .sort();

const sources = readdirSync('src', { recursive: true, encoding: 'utf8' }).map((file) => `src/${file}`);

/** The files of a room that are changed. */
function filesOf({ mutate }) {
  const isIn = (path, file) => (path.endsWith('*.ts') ? `${dirname(file)}/*.ts` === path : file.startsWith(path));
  return sources.filter(
    (file) => file.endsWith('.ts') && file.includes(values.file ?? '') && mutate.some((path) => isIn(path, file)),
  );
}

const resultsOf = (name) => join('coverage', 'mutation', `${[name, values.file].filter(Boolean).join('-')}.json`);

const read = (name) => JSON.parse(readFileSync(resultsOf(name), 'utf8'));
const write = (name, results) => writeFileSync(resultsOf(name), JSON.stringify(results));
const mutantsOf = ({ files }) =>
  Object.entries(files).flatMap(([fileName, { mutants }]) =>
    mutants.map((mutant) => ({ ...mutant, key: keyOf(fileName, mutant) })),
  );

const hasSurvived = ({ status }) => status === 'Survived' || status === 'NoCoverage';

/** Tries those that survived the last run, and puts the results in place of theirs. */
async function mutateAgain(name) {
  const last = read(name);
  const survivors = mutantsOf(last).filter(hasSurvived);
  await mutate(name, new Set(survivors.map(({ key }) => key)));
  const now = new Map(mutantsOf(read(name)).map((mutant) => [mutant.key, mutant]));
  for (const [fileName, file] of Object.entries(last.files)) {
    for (const mutant of file.mutants) {
      const result = now.get(keyOf(fileName, mutant));
      if (result && result.status !== 'RuntimeError') Object.assign(mutant, { status: result.status, killedBy: result.killedBy });
    }
  }
  write(name, last);
}

/** Tries the mutants of a sample. */
async function mutateSample(name) {
  await mutate(name, undefined);
  const results = read(name);
  for (const [fileName, file] of Object.entries(results.files)) {
    file.mutants = file.mutants.filter((mutant) => isInSample(keyOf(fileName, mutant), sample));
  }
  write(name, { ...results, sample });
}

/** @param only keys of those that are tried; absent: those of the sample */
async function mutate(name, only) {
  const room = ROOMS[name];
  const stryker = new Stryker({
    mutate: filesOf(room),
    specs: [...new Set(room.specs.flatMap((path) => specs.filter((file) => file.startsWith(path))))],
    testRunner: 'specs',
    only: only && [...only],
    sample,
    plugins: [new URL('mutation/runner.mjs', import.meta.url).href],
    coverageAnalysis: 'perTest',
    // What runs while modules are loaded: tables and constants. Every spec would have to be run for each.
    ignoreStatic: true,
    concurrency: Number(values.concurrency),
    // Sockets that the specs of killed mutants have left open.
    maxTestRunnerReuse: 300,
    timeoutMS: 60_000,
    dryRunTimeoutMinutes: 30,
    tempDirName: join(tmpdir(), `mutation-${name}`),
    cleanTempDir: 'always',
    ignorePatterns: ['**/*', '!src/**', '!spec/**', '!docs/**', '!dist/**', '!package.json', '!README.md', 'spec/clients', 'spec/consumers'],
    disableTypeChecks: false,
    warnings: { unknownOptions: false },
    reporters: ['json', 'progress-append-only'],
    jsonReporter: { fileName: resultsOf(name) },
  }); // prettier-ignore
  await stryker.runMutationTest();
}

/** Of the mutants of each file of a room: how many were noticed, and how many there are that a spec could notice. */
function countsOf(name) {
  return Object.entries(read(name).files).map(([file, { mutants }]) => {
    const of = (...statuses) => mutants.filter(({ status }) => statuses.includes(status)).length;
    return { file, noticed: of('Killed', 'Timeout'), all: of('Killed', 'Timeout', 'Survived', 'NoCoverage') };
  });
}

/** Where each survivor is, what it changed, and the line. */
function survivorsOf(name) {
  return Object.entries(read(name).files).flatMap(([file, { source, mutants }]) => {
    const lines = source.split('\n');
    return mutants.filter(hasSurvived).map(({ status, mutatorName, replacement = '', location: { start, end } }) => {
      const line = lines[start.line - 1];
      const was = line.slice(start.column - 1, start.line === end.line ? end.column - 1 : undefined);
      const became = replacement.replace(/\s+/g, ' ').slice(0, 70);
      const why = status === 'NoCoverage' ? 'no spec runs it' : 'survived';
      return `${file}:${start.line} ${why}; ${mutatorName}: ${was.slice(0, 90)} → ${became}`;
    });
  });
}

const sum = (counts, key) => counts.reduce((total, count) => total + count[key], 0);
const percent = (noticed, all) => (all === 0 ? '–' : `${((100 * noticed) / all).toFixed(1)} %`);

function tableOf(names) {
  const rows = names.flatMap((name) => {
    const counts = countsOf(name).filter(({ all }) => all > 0);
    const row = (label, { noticed, all }) => `| ${label} | ${all} | ${noticed} | ${percent(noticed, all)} |`;
    const total = { noticed: sum(counts, 'noticed'), all: sum(counts, 'all') };
    const { sample } = read(name);
    const label =
      sample && sample.share < 1 ? `**${name}**, a sample of ${percent(sample.share, 1)}: ${interval(total)}` : `**${name}**`;
    return [row(label, total), ...counts.map((count) => row(count.file.replace('src/', ''), count))];
  });
  return ['| room, file | mutants | noticed | score |', '| --- | ---: | ---: | ---: |', ...rows].join('\n');
}

const wanted = positionals.length > 0 ? positionals : Object.keys(ROOMS);
if (!values.kept) for (const name of wanted) await (values.survivors ? mutateAgain(name) : mutateSample(name));

const known = Object.keys(ROOMS).filter((name) => existsSync(resultsOf(name)));
console.log(tableOf(known));
for (const name of wanted) for (const line of survivorsOf(name)) console.log(line);
if (values.write) {
  const page = new URL('../docs/mutation.md', import.meta.url);
  const text = readFileSync(page, 'utf8');
  const figures = `$1\n\n${tableOf(known)}\n\n$2`;
  writeFileSync(page, text.replace(/(<!-- figures -->)[^]*?(<!-- \/figures -->)/, figures));
}
const poor = wanted.filter((name) => {
  const counts = countsOf(name);
  return sum(counts, 'noticed') < 0.9 * sum(counts, 'all');
});
if (poor.length > 0) console.error(`fewer than 90 % are noticed: ${poor.join(', ')}`);
process.exit(poor.length > 0 ? 1 : 0);
