import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { blocksOf, type Block } from './fences.js';

const root = join(__dirname, '..', '..');

/** The pages that users read, by their paths: README.md and docs. */
export const pages: ReadonlyMap<string, string> = new Map(
  [
    'README.md',
    ...readdirSync(join(root, 'docs'))
      .filter((name) => name.endsWith('.md'))
      .map((name) => `docs/${name}`),
  ].map((path) => [path, readFileSync(join(root, path), 'utf8')]),
);

/** A block of code, and where it stands: `docs/guide.md:12`. */
export interface Placed extends Block {
  readonly place: string;
}

/** All blocks of code of all pages. */
export const blocks: readonly Placed[] = [...pages].flatMap(([path, text]) =>
  blocksOf(text).map((block) => ({ ...block, place: `${path}:${block.line}` })),
);
