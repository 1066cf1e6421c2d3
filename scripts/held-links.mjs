import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { destination, isElsewhere, linksIn } from './markdown-links.mjs';

export const root = join(import.meta.dirname, '..');
const { version, repository } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

/** The repository's page. */
export const home = repository.url.replace(/^git\+/, '').replace(/\.git$/, '');

/**
 * The text of a document, for a place that has some files of the repository alone: links to the others lead to the repository, at the
 * version's tag.
 *
 * @param {string} file from the root
 * @param {(path: string) => boolean} isKept whether the place has a file, or a folder
 * @param {(path: string) => string | undefined} pictureAt an address for a picture of this document that is not the relative one
 * @throws Error for a link that leads nowhere
 */
export function heldLinks(file, isKept, pictureAt = () => undefined) {
  let text = readFileSync(join(root, file), 'utf8');
  for (const link of linksIn(text).reverse())
    text = text.slice(0, link.index) + held(file, link, isKept, pictureAt) + text.slice(link.index + link.target.length);
  return text;
}

function held(file, { target, isPicture, line }, isKept, pictureAt) {
  if (isElsewhere(target) || target.startsWith('#')) return target;
  const { path, anchor } = destination(file, target);
  if (path.startsWith('..') || !existsSync(join(root, path))) throw new Error(`${file}:${line}: ${target} leads nowhere`);
  const picture = isPicture && pictureAt(path);
  if (picture) return picture;
  if (isKept(path)) return target;
  const kind = statSync(join(root, path)).isDirectory() ? 'tree' : 'blob';
  return `${home}/${kind}/v${version}/${path}${anchor ? `#${anchor}` : ''}`;
}
