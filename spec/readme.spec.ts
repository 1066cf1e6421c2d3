import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { timeline } from '../src/index.js';
import { defaults, optionNames } from '../src/options.js';
import { A, AAAA, answering, connects, hangs, runRace } from './support/virtual-race.js';

const root = join(__dirname, '..');
const readme = readFileSync(join(root, 'README.md'), 'utf8');

describe('README.md', () => {
  it('shows the race that the package draws', () => {
    const { events } = runRace({
      lookup: answering([18, AAAA('2001:db8::1')], [25, A('192.0.2.1')]),
      fates: { '2001:db8::1': connects(600), '192.0.2.1': hangs },
    });
    const [, drawn] = /<!-- drawn by spec\/readme\.spec\.ts -->\s+```\n(.*?)```/s.exec(readme) ?? [];
    expect(`\n${drawn}`).toBe(`\n${timeline(events, { width: 88 })}\n`);
  });

  it('has each option in its table, with its default', () => {
    const rows = [...readme.matchAll(/^\| `(\w+)` +\| (.*?) +\|/gm)].map(([, name, value]) => [name!, value!] as const);
    const options = rows.filter(([name]) => (optionNames as readonly string[]).includes(name));
    expect(options.map(([name]) => name)).toEqual([...optionNames]);
    for (const [name, value] of options) {
      const expected: unknown = (defaults as Record<string, unknown>)[name];
      if (typeof expected !== 'object' && typeof expected !== 'function' && expected !== undefined)
        expect([name, value]).toEqual([name, String(expected)]);
    }
  });
});

describe('the documentation', () => {
  it.each([
    ['README.md', 3],
    ['docs/observing.md', 3],
  ])(
    '%s has examples that compile',
    (file, least) => {
      const text = readFileSync(join(root, file), 'utf8');
      const examples = [...text.matchAll(/```ts\n(.*?)```/gs)].map(
        ([, code], i) => [join(root, `example-${i}.mts`), code!] as const,
      );
      expect(examples.length).toBeGreaterThanOrEqual(least);
      const options: ts.CompilerOptions = {
        strict: true,
        noEmit: true,
        skipLibCheck: true,
        target: ts.ScriptTarget.ES2022,
        module: ts.ModuleKind.NodeNext,
        types: ['node'],
        paths: { 'rx-happy-eyeballs': [join(root, 'src', 'index.ts')] },
      };
      const sources = new Map<string, string>(examples);
      const host = ts.createCompilerHost(options);
      const { fileExists, readFile, getSourceFile } = host;
      host.fileExists = (name) => sources.has(name) || fileExists(name);
      host.readFile = (name) => sources.get(name) ?? readFile(name);
      host.getSourceFile = (name, ...rest) => {
        const code = sources.get(name);
        return code === undefined ? getSourceFile(name, ...rest) : ts.createSourceFile(name, code, ts.ScriptTarget.ES2022);
      };
      const program = ts.createProgram([...sources.keys()], options, host);
      const problems = ts
        .getPreEmitDiagnostics(program)
        .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
      expect(problems).toEqual([]);
    },
    30_000,
  );
});
