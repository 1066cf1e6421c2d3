import { pages } from '../support/pages.js';

it('docs/README.md leads to every page', () => {
  const index = pages.get('docs/README.md')!;
  const paths = [...pages.keys()].filter((path) => path.startsWith('docs/') && path !== 'docs/README.md');
  expect(paths.filter((path) => !index.includes(`](${path.slice('docs/'.length)})`))).toEqual([]);
});
