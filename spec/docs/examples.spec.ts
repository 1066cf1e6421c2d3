import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ts from 'typescript';
import { createAuthority } from '../support/certificates.js';
import { problemsByExample, withoutTypes } from '../support/fences.js';
import { describeInNamespace, runInNamespace } from '../support/namespace.js';
import { blocks, type Placed } from '../support/pages.js';
import { findProgram } from '../support/server-program.js';

const root = join(__dirname, '..', '..');

const inLanguage = (...languages: readonly string[]) => blocks.filter(({ language }) => languages.includes(language));
/** The lines of an example file are not a program of their own. */
const examples = inLanguage('ts', 'js').filter(({ mark }) => !mark.startsWith('from '));

describe('blocks of code in README.md and docs', () => {
  it('are in languages that are checked here', () => {
    const known = new Set(['', 'ts', 'js', 'sh', 'json', 'text']);
    expect(blocks.filter(({ language }) => !known.has(language)).map(({ place }) => place)).toEqual([]);
    expect(examples.length).toBeGreaterThan(30);
  });

  it('compile, one module each', () => {
    const problems = problemsByExample(examples);
    const found = examples.map(({ place }, i) => [place, problems[i]!] as const).filter(([, texts]) => texts.length > 0);
    expect(Object.fromEntries(found)).toEqual({});
  }, 120_000);

  it('are JSON where they say so', () => {
    for (const { code } of inLanguage('json')) expect(() => JSON.parse(code) as unknown).not.toThrow();
  });

  const quoted = blocks.filter(({ mark }) => mark.startsWith('from '));
  it.each(quoted.map((block) => [block.place, block] as const))('%s stands in the file that it is from', (_, { mark, code }) => {
    const text = readFileSync(join(root, mark.slice('from '.length)), 'utf8').replace(/^ +/gm, '');
    expect(text).toContain(code.replace(/^ +/gm, '').trimEnd());
  });
});

/** A program of the documentation: its text as a file, or arguments of the command line. */
interface Program {
  readonly place: string;
  readonly file?: string;
  readonly args?: readonly string[];
  readonly keepsRunning: boolean;
  /** A program that has to be installed for it. */
  readonly needs?: string | undefined;
}

interface Outcome {
  readonly place: string;
  readonly status: number | null;
  readonly stderr: string;
}

/** Commands that have no end of their own, or that need what is not there. */
const ENDLESS = /^proxy\b/;
const ELSEWHERE = /^run -- git\b/;

/** The commands of this package in shell blocks, as their arguments. */
function commandsOf({ code, place }: Placed): Program[] {
  const lines = code.split('\n').map((line) => line.replace(/\s+#.*/, '').trim());
  return lines.flatMap((line): Program[] => {
    const [, command] = /^npx rx-happy-eyeballs(?: (.*))?$/.exec(line) ?? [];
    if (command === undefined || /[|<>]/.test(command) || ELSEWHERE.test(command)) return [];
    return [{ place: `${place}: ${command}`, args: command.split(' '), keepsRunning: ENDLESS.test(command) }];
  });
}

describeInNamespace('programs in README.md and docs, with their types taken away', () => {
  const runnable = examples.filter(({ mark }) => !mark.startsWith('not run'));
  const needsAwait = /^(?:const .* = )?(?:for )?await /m;
  const programs: readonly Program[] = [
    ...runnable.map(({ place, mark, language }, i) => ({
      place,
      file: language === 'js' ? `example-${i}.cjs` : `example-${i}.mjs`,
      keepsRunning: mark === 'keeps running',
      needs: /^needs (.+)$/.exec(mark)?.[1],
    })),
    // CommonJS knows no `await` at the top level.
    ...runnable
      .map(({ place, mark, code, language }, i) => ({
        place: `${place} in CommonJS`,
        file: `example-${i}.cjs`,
        keepsRunning: mark === 'keeps running',
        code,
        language,
      }))
      .filter(({ place, code, language }) => place.startsWith('README.md') && language === 'ts' && !needsAwait.test(code)),
    ...inLanguage('sh')
      .filter(({ mark }) => !mark.startsWith('not run'))
      .flatMap(commandsOf),
  ];
  let outcomes: readonly Outcome[] = [];

  beforeAll(async () => {
    const folder = mkdtempSync(join(tmpdir(), 'documents-'));
    try {
      outcomes = await runAll(folder);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }, 600_000);

  /** Runs the programs in a folder in which the package is installed, on a network whose names all lead to this machine. */
  async function runAll(folder: string): Promise<readonly Outcome[]> {
    install(folder);
    runnable.forEach(({ code, language }, i) => {
      writeFileSync(join(folder, `example-${i}.mjs`), withoutTypes(code));
      writeFileSync(join(folder, `example-${i}.cjs`), language === 'js' ? code : withoutTypes(code, ts.ModuleKind.CommonJS));
    });
    // Networks of the testing kit have names of their own.
    const onThisNetwork = blocks.filter(({ code }) => !code.includes('rx-happy-eyeballs/testing'));
    const names = [
      ...new Set(onThisNetwork.flatMap(({ code }) => code.match(/\b(?:[\w-]+\.)+(?:example|com)\b|\bexample\.com\b/g) ?? [])),
    ];
    const authority = await createAuthority();
    const { cert, key } = await authority.issue(names);
    for (const [file, text] of Object.entries({ 'ca.pem': authority.ca, 'cert.pem': cert, 'key.pem': key })) {
      writeFileSync(join(folder, file), text);
    }
    writeFileSync(join(folder, 'programs.json'), JSON.stringify(programs.map(({ place, ...rest }) => ({ place, ...rest }))));
    const files = {
      hosts: `127.0.0.1 localhost ${names.join(' ')}\n::1 localhost ${names.join(' ')}\n`,
      'resolv.conf': 'nameserver 127.0.0.1\n',
    };
    const runner = join(root, 'spec', 'network', 'documents.mjs');
    const { stdout, stderr } = await runInNamespace({ files }, process.execPath, runner, folder, join(root, 'dist', 'cli.mjs'));
    if (stderr !== '') throw new Error(stderr);
    return JSON.parse(stdout) as readonly Outcome[];
  }

  const isInCI = Boolean(process.env.CI);
  const canRun = ({ needs }: Program) => needs === undefined || isInCI || findProgram(needs) !== undefined;
  for (const { place, needs } of programs.filter((program) => !canRun(program))) {
    it.skip(`${place} (skipped: ${needs} not installed)`, () => undefined);
  }

  it.each(programs.filter(canRun).map((program) => [program.place, program] as const))('%s', (_, { place, args }) => {
    const outcome = outcomes.find((one) => one.place === place);
    // A race without a winner, or a name that is not ready, is no fault of the documentation: bad arguments are.
    if (args && outcome?.status === 1) return;
    // Commands may say on standard error what they do; examples have nothing to say there.
    expect(outcome).toEqual({ place, status: 0, stderr: args ? expect.any(String) : '' });
  });
});

/** A folder as `npm install` leaves it: this package, and what its examples import. */
function install(folder: string): void {
  const modules = join(root, 'node_modules');
  mkdirSync(join(folder, 'node_modules'));
  for (const name of readdirSync(modules)) {
    if (!name.startsWith('.')) symlinkSync(join(modules, name), join(folder, 'node_modules', name));
  }
  symlinkSync(root, join(folder, 'node_modules', 'rx-happy-eyeballs'));
  writeFileSync(join(folder, 'package.json'), '{}');
  if (existsSync(join(root, 'examples'))) cpSync(join(root, 'examples'), join(folder, 'examples'), { recursive: true });
}
