import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runNode } from '../support/dist.js';
import { fences, problemsOf, withoutTypes } from '../support/fences.js';

const root = join(__dirname, '..', '..');
const guide = fences(readFileSync(join(root, 'docs', 'testing.md'), 'utf8'));
const readme = fences(readFileSync(join(root, 'README.md'), 'utf8')).filter((code) => code.includes('rx-happy-eyeballs/testing'));

it('the guide has examples that compile', () => {
  expect(guide.length).toBeGreaterThan(5);
  expect(problemsOf(guide)).toEqual([]);
}, 30_000);

it.each([...guide, ...readme])(
  'and that hold: %#',
  async (code) => {
    const { status, stderr, stdout } = await runNode('--input-type=module', '-e', withoutTypes(code)).ended;
    expect({ status, stderr, stdout }).toMatchObject({ status: 0, stderr: '' });
  },
  30_000,
);

it('the README has its own example, of ten lines', () => {
  expect(readme).toHaveLength(1);
  const [, body] = /^test\(.*?\n(.*)^\}\);$/ms.exec(readme[0]!)!;
  expect(body!.trimEnd().split('\n').length + 2).toBeLessThanOrEqual(10);
});
