import { spawnSync } from 'node:child_process';

/** What the rules find, in a Node of its own: ES modules are not for Jest's sandbox. */
function phrasesIn(text: string, isMarkdown = false): unknown {
  const program = `
    import { phrasesIn } from './scripts/prose-rules.mjs';
    console.log(JSON.stringify(phrasesIn(${JSON.stringify(text)}, ${isMarkdown}).map(({ line, phrase }) => [line, phrase])));`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' });
  expect(stderr).toBe('');
  return JSON.parse(stdout);
}

describe('the rules of prose', () => {
  it('find a phrase across the lines of a comment, whatever its case', () => {
    expect(phrasesIn('/**\n * Waits so\n * many ms. Nobody\n *   is told\n *   of it.\n */')).toEqual([
      [2, 'so many'],
      [3, 'Nobody'],
      [4, 'is told of'],
    ]);
  });

  it('leave code and quotations of code in Markdown alone', () => {
    expect(phrasesIn('`in vain`\n\n```ts\nin vain\n```\n\nin vain', true)).toEqual([[7, 'in vain']]);
  });

  it('need words as a whole, in one paragraph', () => {
    expect(phrasesIn('so manyfold, a planewave, so\n\nmany')).toEqual([]);
  });

  it('take time in proportion to a text that is blank', () => {
    expect(phrasesIn(`so${' \n'.repeat(20_000)}${'so '.repeat(20_000)}`)).toEqual([]);
  });
});
