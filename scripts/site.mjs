// Makes the site in `site`: README, the pages of docs, the reference of all entries, and the playground where `npm run playground` has
// built it; then checks its links and anchors. A static folder, which any web server can serve at any path.
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, normalize, sep } from 'node:path';
import { Application, LogLevel } from 'typedoc';
import { heldLinks, home, root } from './held-links.mjs';
import { slugger } from './markdown-links.mjs';

const site = join(root, 'site');
const playground = join(root, 'playground', 'dist');
const { name, version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const { compilerOptions } = JSON.parse(readFileSync(join(root, 'tsconfig.json'), 'utf8'));

/** The order of the pages; others follow by name. */
const FIRST = [
  'guide',
  'options',
  'troubleshooting',
  'clients',
  'proxy',
  'observing',
  'testing',
  'cookbook',
  'migrating',
  'comparison',
];
const place = (file) => (FIRST.indexOf(file.slice(0, -3)) + FIRST.length + 1) % (FIRST.length + 1);
const pages = readdirSync(join(root, 'docs'))
  .filter((file) => file.endsWith('.md'))
  .sort((one, other) => place(one) - place(other) || (one < other ? -1 : 1))
  .map((file) => `docs/${file}`);
const documents = [...pages, 'CONTRIBUTING.md', 'CHANGELOG.md', 'SECURITY.md'];

/** Copies of the documents, whose links lead to the repository where the site does not have what they lead to. */
const sources = join(root, 'node_modules', '.cache', 'site');
function copyDocuments() {
  rmSync(sources, { recursive: true, force: true });
  mkdirSync(join(sources, 'docs'), { recursive: true });
  cpSync(join(root, 'docs'), join(sources, 'docs'), { recursive: true });
  const isKept = (path) => path === 'README.md' || documents.includes(path) || /^docs\/.*\.(?:svg|json)$/.test(path);
  for (const file of ['README.md', ...documents]) writeFileSync(join(sources, file), heldLinks(file, isKept));
}

/** Stands for the playground, whose path depends on the page. */
const PLAYGROUND = 'https://playground.invalid/';

async function generate() {
  const hasPlayground = existsSync(playground);
  const app = await Application.bootstrap({
    name: `${name} ${version}`,
    out: site, // typedoc would empty `docs` otherwise
    entryPoints: Object.values(compilerOptions.paths).map(([file]) => join(root, file)),
    tsconfig: join(root, 'tsconfig.json'),
    skipErrorChecking: true,
    readme: join(sources, 'README.md'),
    projectDocuments: documents.map((file) => join(sources, file)),
    navigationLinks: {
      GitHub: home,
      npm: `https://www.npmjs.com/package/${name}`,
      ...(hasPlayground && { Playground: PLAYGROUND }),
    },
    sourceLinkTemplate: `${home}/blob/v${version}/{path}#L{line}`,
    gitRevision: `v${version}`,
    disableGit: true,
    excludeInternal: true,
    excludePrivate: true,
    highlightLanguages: [
      'bash',
      'console',
      'diff',
      'html',
      'http',
      'javascript',
      'json',
      'sh',
      'shellscript',
      'typescript',
      'yaml',
    ],
    includeVersion: false,
    logLevel: LogLevel.Error,
    sort: ['kind', 'alphabetical'],
    titleLink: `https://www.npmjs.com/package/${name}`,
    validation: false,
  });
  const project = await app.convert();
  if (!project) throw new Error('typedoc made nothing of the sources');
  nameEntries(project);
  rmSync(site, { recursive: true, force: true });
  await app.generateDocs(project, site);
  if (app.logger.hasErrors()) throw new Error('typedoc has found errors');
  if (hasPlayground) cpSync(playground, join(site, 'playground'), { recursive: true });
}

/** Modules are named as users import them. */
function nameEntries(project) {
  const names = new Map(Object.entries(compilerOptions.paths).map(([entry, [file]]) => [normalize(file), entry]));
  for (const module of project.children ?? []) {
    const entry = names.get(normalize(module.sources?.[0]?.fileName ?? ''));
    if (entry) module.name = entry;
  }
}

const pagesOf = (folder) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.html'))
    .map((file) => file.split(sep).join('/'));

const decoded = (text) => text.replaceAll('&amp;', '&').replaceAll('&#39;', "'").replaceAll('&quot;', '"');

/** typedoc leaves code out of the anchors of headings. Links in the documents are those of GitHub, which does not. */
function withAnchors(text) {
  const slug = slugger();
  const ids = new Set([...text.matchAll(/\sid="([^"]*)"/g)].map(([, id]) => id));
  return text.replace(/<h[1-6] id="[^"]*" class="tsd-anchor-link">([^]*?)<a href="#/g, (heading, inner) => {
    const anchor = slug(decoded(inner.replace(/<[^>]*>/g, '')));
    return ids.has(anchor) ? heading : `<a id="${anchor}"></a>${heading}`;
  });
}

/** Links to the playground get their path from the page itself. */
function finish(page) {
  const file = join(site, page);
  const base = '../'.repeat(page.split('/').length - 1);
  const text = withAnchors(readFileSync(file, 'utf8')).replaceAll(PLAYGROUND, `${base}playground/index.html`);
  writeFileSync(file, text);
  return text;
}

/** Links that lead to no file, or to no element, of the site. */
function deadLinks(texts) {
  const ids = new Map(
    [...texts].map(([page, text]) => [
      page,
      new Set([...text.matchAll(/\s(?:id|name)="([^"]*)"/g)].map(([, id]) => decoded(id))),
    ]),
  );
  return [...texts].flatMap(([page, text]) =>
    [...new Set([...text.matchAll(/\s(?:href|src)="([^"]*)"/g)].map(([, target]) => decoded(target)))]
      .filter((target) => {
        if (/^(?:[a-z][a-z\d+.-]*:|\/\/)/i.test(target)) return false;
        const [path, anchor] = target.split('#');
        const to =
          path === ''
            ? page
            : normalize(join(dirname(page), decodeURI(path.replace(/\?.*/, ''))))
                .split(sep)
                .join('/');
        if (to.startsWith('..') || !existsSync(join(site, to))) return true;
        return Boolean(anchor) && ids.has(to) && !ids.get(to).has(decodeURIComponent(anchor));
      })
      .map((target) => `${page}: ${target}`),
  );
}

copyDocuments();
await generate();
const texts = new Map(
  pagesOf(site)
    .filter((page) => !page.startsWith('playground/'))
    .map((page) => [page, finish(page)]),
);
const dead = deadLinks(texts);
for (const line of dead) console.error(line);
console.log(`site: ${texts.size} pages, ${dead.length} dead links`);
process.exitCode = dead.length > 0 ? 1 : 0;
