import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { timeline } from '../src/index.js';
import { defaults, optionNames } from '../src/options.js';
import { fences, problemsOf } from './support/fences.js';
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

  it('has examples that compile', () => {
    const examples = fences(readme);
    expect(examples.length).toBeGreaterThan(2);
    expect(problemsOf(examples)).toEqual([]);
  }, 30_000);
});
