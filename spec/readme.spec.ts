import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaults, optionNames } from '../src/plan/options.js';
import { fences, problemsOf } from './support/fences.js';

const root = join(__dirname, '..');
const readme = readFileSync(join(root, 'README.md'), 'utf8');

/** Compares the pictures in a folder with those that the built package draws. */
function checkPictures(cwd: string) {
  const script = join(root, 'scripts', 'pictures.mjs');
  const { status, stderr } = spawnSync(process.execPath, [script, '--check'], { cwd, encoding: 'utf8' });
  return { status, stderr };
}

describe('README.md', () => {
  it('and docs show pictures as the package draws them', () => {
    expect(checkPictures(root)).toEqual({ status: 0, stderr: '' });
  });

  it('is told from one whose pictures are old', () => {
    const folder = mkdtempSync(join(tmpdir(), 'pictures-'));
    try {
      cpSync(join(root, 'docs', 'pictures'), join(folder, 'docs', 'pictures'), { recursive: true });
      writeFileSync(join(folder, 'README.md'), readme.replace('connected after 600 ms', 'connected after 601 ms'));
      writeFileSync(join(folder, 'docs', 'pictures', 'all-dead.svg'), '');
      expect(checkPictures(folder)).toEqual({
        status: 1,
        stderr: ['README.md', 'docs/pictures/all-dead.svg']
          .map((name) => `${name} is not as it is drawn: npm run pictures\n`)
          .join(''),
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('has the images that it refers to', () => {
    const images = [...readme.matchAll(/!\[[^\]]+\]\(([^)]+)\)/g)].map(([, path]) => path!);
    expect(images.length).toBeGreaterThan(0);
    expect(images.filter((path) => !existsSync(join(root, path)))).toEqual([]);
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
    ['docs/clients.md', 1],
    ['docs/proxy.md', 1],
  ])(
    '%s has examples that compile',
    (file, least) => {
      const examples = fences(readFileSync(join(root, file), 'utf8'));
      expect(examples.length).toBeGreaterThanOrEqual(least);
      expect(problemsOf(examples)).toEqual([]);
    },
    30_000,
  );
});
