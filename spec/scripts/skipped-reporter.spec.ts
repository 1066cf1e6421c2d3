import { spawnSync } from 'node:child_process';

/** One of Jest's results, with what the reporter reads of it. */
const spec = (status: string, title: string, ...ancestorTitles: string[]) => ({ status, title, ancestorTitles });

/** ES modules are not for Jest's sandbox: another Node says which lines the reporter would write. */
function linesOf(testResults: readonly object[]): string[] {
  const program = `
    import { skippedLines } from './spec/support/skipped-reporter.mjs';
    console.log(JSON.stringify(skippedLines(${JSON.stringify(testResults)}, '/here')));`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' });
  expect(stderr).toBe('');
  return JSON.parse(stdout) as string[];
}

describe('the last lines of a run', () => {
  it('say which specs were skipped and why, a line for each group', () => {
    const lines = linesOf([
      {
        testFilePath: '/here/spec/a.spec.ts',
        testResults: [
          spec('passed', 'runs'),
          spec('pending', 'one', 'a network (skipped: needs root)', 'of its own'),
          spec('pending', 'two', 'a network (skipped: needs root)'),
          spec('pending', 'three (skipped: wget is not installed)', 'programs'),
        ],
      },
      {
        testFilePath: '/here/spec/b.spec.ts',
        testResults: [
          spec('pending', 'says nothing'),
          spec('todo', 'is to come'),
          spec('pending', 'four', 'b (skipped: needs root)'),
        ],
      },
    ]);
    expect(lines).toEqual([
      'Skipped: 6 specs',
      '  needs root',
      '    spec/a.spec.ts: a network (2 specs)',
      '    spec/b.spec.ts: b',
      '  wget is not installed',
      '    spec/a.spec.ts: programs › three',
      '  no reason is given',
      '    spec/b.spec.ts: says nothing',
      '  not written yet',
      '    spec/b.spec.ts: is to come',
    ]);
  });

  it('are left out where nothing was skipped', () => {
    expect(linesOf([{ testFilePath: '/here/spec/a.spec.ts', testResults: [spec('passed', 'runs')] }])).toEqual([]);
  });
});
