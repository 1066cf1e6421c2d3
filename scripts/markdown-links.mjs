import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path/posix';

/** An inline link or picture. `target` is as written, without a title. */
const LINK = /(!?)\[((?:[^[\]]|\[[^\]]*\])*)\]\((<[^>]*>|[^()\s]*(?:\([^()]*\)[^()\s]*)*)((?:\s+"[^"]*")?)\)/g;

const blank = (text) => text.replace(/[^\n]/g, ' ');
const withoutCode = (markdown) => markdown.replace(/^(```|~~~)[^]*?^\1/gm, blank).replace(/`[^`\n]*`/g, blank);

/** Links of a text, outside of code. @returns {{ target: string, isPicture: boolean, line: number, index: number }[]} */
export function linksIn(markdown) {
  const prose = withoutCode(markdown);
  return [...markdown.matchAll(LINK)]
    .filter(({ index }) => prose[index] === markdown[index])
    .map(({ 1: mark, 2: text, 3: target, index }) => ({
      target,
      isPicture: mark === '!',
      line: markdown.slice(0, index).split('\n').length,
      index: index + mark.length + text.length + 3,
    }));
}

/** What GitHub and npm make of the text of a heading: lower case, without signs, a hyphen for each space. Twins are counted. */
export function slugger() {
  const seen = new Map();
  return (heading) => {
    const slug = heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\p{M}_ -]/gu, '')
      .replaceAll(' ', '-');
    const count = seen.get(slug) ?? 0;
    seen.set(slug, count + 1);
    return count === 0 ? slug : `${slug}-${count}`;
  };
}

/** Anchors of a document: of its headings, and those that are written as HTML. */
export function anchorsOf(markdown) {
  const slug = slugger();
  const headings = markdown.replace(/^(```|~~~)[^]*?^\1/gm, blank).matchAll(/^#{1,6}\s+(.+?)\s*#*$/gm);
  return new Set([
    ...[...markdown.matchAll(/<a (?:id|name)="([^"]+)"/g)].map(([, id]) => id),
    ...[...headings].map(([, heading]) => slug(heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1'))),
  ]);
}

export const isElsewhere = (target) => /^(?:[a-z][a-z\d+.-]*:|\/\/)/i.test(target);

/** Where a relative link leads: a path from the root, and an anchor. */
export function destination(file, target) {
  const [path, anchor] = target.split('#');
  return { path: path === '' ? file : normalize(join(dirname(file), decodeURI(path))), anchor };
}

/**
 * Relative links that lead nowhere, to no heading, or out of the folder.
 *
 * @param {string} root
 * @param {readonly string[]} files Markdown files, from the root
 * @returns {string[]} a line for each
 */
export function deadLinks(root, files) {
  const anchors = new Map();
  const anchorsIn = (path) => {
    if (!anchors.has(path)) anchors.set(path, anchorsOf(readFileSync(join(root, path), 'utf8')));
    return anchors.get(path);
  };
  return files.flatMap((file) =>
    linksIn(readFileSync(join(root, file), 'utf8')).flatMap(({ target, line }) => {
      if (isElsewhere(target)) return [];
      const { path, anchor } = destination(file, target);
      const what = `${file}:${line}: ${target}`;
      if (path.startsWith('..') || !existsSync(join(root, path))) return [`${what} leads nowhere`];
      if (!anchor || !path.endsWith('.md') || !statSync(join(root, path)).isFile()) return [];
      return anchorsIn(path).has(anchor) ? [] : [`${what}: there is no such heading`];
    }),
  );
}
