import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaults } from '../src/plan/options.js';
import { pages } from './support/pages.js';

const root = join(__dirname, '..');
const readme = pages.get('README.md')!;

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

  it('is told from one whose pictures are out of date', () => {
    const folder = mkdtempSync(join(tmpdir(), 'pictures-'));
    try {
      cpSync(join(root, 'docs'), join(folder, 'docs'), { recursive: true });
      writeFileSync(join(folder, 'README.md'), readme.replace('connected after 600 ms', 'connected after 601 ms'));
      writeFileSync(join(folder, 'docs', 'pictures', 'all-dead.svg'), '');
      expect(checkPictures(folder)).toEqual({
        status: 1,
        stderr: ['README.md', 'docs/pictures/all-dead.svg'].map((name) => `${name} is out of date: npm run pictures\n`).join(''),
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('has under 300 lines, says what is wrong first, and gives the three lines that help', () => {
    expect(readme.split('\n').length).toBeLessThan(300);
    const headings = [...readme.matchAll(/^## (.*)$/gm)].map(([, heading]) => heading);
    expect(headings[0]).toBe('What is wrong with my connections?');
    expect(readme).toMatch(/^npx rx-happy-eyeballs check example\.com\b/m);
    expect(readme).toMatch(/^node --import rx-happy-eyeballs\/register app\.js\b/m);
    expect(readme).toContain('\nnpm ci && npm start\n');
    expect(readme).toContain('\nnpm ci && npm test\n');
  });

  it('has each of its headings in its table of contents', () => {
    const [, ...headings] = [...readme.matchAll(/^## (.*)$/gm)].map(([, heading]) => heading!);
    for (const heading of headings) expect(readme).toContain(`- [${heading}](#${heading.toLowerCase().replaceAll(' ', '-')})`);
  });

  it('has the defaults of the options in its table', () => {
    const rows = [...readme.matchAll(/^\| \[`(\w+)`\]\(docs\/options\.md#\w+\) +\| (.*?) +\|/gm)].map(
      ([, name, value]) => [name!, value!] as const,
    );
    expect(rows).toHaveLength(10);
    for (const [name, value] of rows) {
      const expected: unknown = (defaults as Record<string, unknown>)[name];
      if (expected !== undefined) expect([name, value]).toEqual([name, String(expected)]);
    }
  });
});
