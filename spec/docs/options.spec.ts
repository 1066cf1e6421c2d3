import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ts from 'typescript';
import { checkOptions, defaults, optionNames } from '../../src/plan/options.js';
import { problemsOf, withoutTypes } from '../support/fences.js';
import { pages } from '../support/pages.js';

const root = join(__dirname, '..', '..');
const page = pages.get('docs/options.md')!;

/** Each entry of the page: its heading, and what follows. */
const entries = [...page.matchAll(/^### `(.+?)`\n(.*?)(?=^##|^<!-- end -->)/gms)].map(([, name, text]) => ({
  name: name!,
  text: text!,
}));
const fact = (text: string, label: string) => new RegExp(`^- ${label}: (.*)$`, 'm').exec(text)?.[1];

/** Runs the script that writes the page. */
function check(cwd: string) {
  const { status, stderr } = spawnSync(process.execPath, [join(root, 'scripts', 'options.mjs'), '--check'], {
    cwd,
    encoding: 'utf8',
  });
  return { status, stderr };
}

describe('docs/options.md', () => {
  it('is as scripts/options.mjs writes it from the docstrings', () => {
    expect(check(root)).toEqual({ status: 0, stderr: '' });
  });

  it('is told from one that is out of date', () => {
    const folder = mkdtempSync(join(tmpdir(), 'options-'));
    try {
      cpSync(join(root, 'src'), join(folder, 'src'), { recursive: true });
      cpSync(join(root, 'docs'), join(folder, 'docs'), { recursive: true });
      writeFileSync(join(folder, 'docs', 'options.md'), page.replace('- Default: `250` ms', '- Default: `251` ms'));
      expect(check(folder)).toEqual({ status: 1, stderr: 'docs/options.md is out of date: npm run options\n' });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('has each option under a heading of its own, with a type, a default and a meaning', () => {
    const names = entries.map(({ name }) => name);
    expect(names).toEqual([...new Set(names)]);
    expect(names).toEqual(expect.arrayContaining([...optionNames]));
    for (const { name, text } of entries) {
      expect([name, fact(text, 'Type')]).toEqual([name, expect.stringMatching(/^`.+`$/)]);
      expect([name, fact(text, 'Default')]).toEqual([name, expect.stringMatching(/./)]);
      expect([name, text.trimStart()]).toEqual([name, expect.not.stringMatching(/^- /)]);
    }
  });

  it('has the defaults of the code', () => {
    for (const [name, value] of Object.entries(defaults)) {
      if (typeof value === 'object' || typeof value === 'function') continue;
      const { text } = entries.find((entry) => entry.name === name)!;
      expect([name, fact(text, 'Default')]).toEqual([name, expect.stringMatching(new RegExp(`^\`${String(value)}\``))]);
    }
  });

  it('gives each duration its unit', () => {
    const durations = entries.filter(({ name }) => /(?:Delay|Timeout|Ttl|Age|staleFor)$/.test(name));
    expect(durations.length).toBeGreaterThan(10);
    for (const { name, text } of durations) expect([name, fact(text, 'Unit')]).toEqual([name, expect.stringMatching(/^m?s$/)]);
  });

  it('has a link to each heading in its tables', () => {
    for (const { name } of entries) expect(page).toContain(`| [\`${name}\`](#${name.toLowerCase().replaceAll('.', '')})`);
  });
});

describe('examples in docs/options.md', () => {
  const examples = entries
    .filter(({ name }) => (optionNames as readonly string[]).includes(name))
    .map(({ name, text }) => ({ name, code: fact(text, 'Example')!.slice(1, -1) }));
  const needs = `import { once } from 'node:events';
import { BlockList, Socket } from 'node:net';
import { asyncScheduler } from 'rxjs';
import { connect, dnsResolver, ssrf, tcp } from 'rx-happy-eyeballs';
void [once, BlockList, Socket, asyncScheduler, dnsResolver, ssrf, tcp];
`;

  it('are there for each option of a race', () => {
    expect(examples.map(({ name }) => name).sort()).toEqual([...optionNames].sort());
  });

  it('compile', () => {
    const calls = examples.map(({ code }) => `void (() => connect('example.com', 443, ${code}));`);
    expect(problemsOf([needs + calls.join('\n')])).toEqual([]);
  }, 120_000);

  it.each(examples.map(({ name, code }) => [name, code] as const))('%s is valid', (_, code) => {
    const script = withoutTypes(`${needs}\nmodule.exports = ${code};`, ts.ModuleKind.CommonJS);
    const module = { exports: {} };
    // eslint-disable-next-line @typescript-eslint/no-implied-eval, @typescript-eslint/no-unsafe-call -- an example is code
    new Function('module', 'exports', 'require', script)(module, module.exports, require);
    expect(() => checkOptions(module.exports)).not.toThrow();
  });
});
