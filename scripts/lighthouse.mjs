// Audits the playground with Lighthouse in Chromium: `npm run lighthouse`. It builds the page, serves it on loopback, and prints the
// scores. It fails where accessibility or best practices are under 100. Lighthouse is not among the dependencies, with its
// 400 MB: npx fetches it, and keeps it.
import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { promisify } from 'node:util';

/** The last that runs on Node.js 20. */
const LIGHTHOUSE = 'lighthouse@12.8.2';

const root = join(import.meta.dirname, '..');
const CATEGORIES = ['accessibility', 'best-practices', 'performance'];
const MUST_BE_WHOLE = ['accessibility', 'best-practices'];

/** What is audited: the first view, and a step of the lesson; one as on a phone, one as on a desk. */
const VIEWS = [
  ['the first view, phone', '', []],
  ['the lesson, desk', '#lesson=3', ['--preset=desktop']],
];

const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css' };

async function served(folder) {
  const server = createServer(({ url }, response) => {
    const name = url === '/' ? 'index.html' : url.slice(1);
    try {
      const text = readFileSync(join(folder, name));
      response.setHeader('content-type', TYPES[extname(name)] ?? 'text/plain');
      response.end(text);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

async function audit(url, flags) {
  const { stdout } = await promisify(execFile)(
    'npx',
    [
      '--yes',
      LIGHTHOUSE,
      url,
      '--quiet',
      '--output=json',
      `--only-categories=${CATEGORIES}`,
      '--chrome-flags=--headless=new --no-sandbox --disable-dev-shm-usage',
      ...flags,
    ],
    { maxBuffer: 2 ** 26, env: { ...process.env, CHROME_PATH: chromium } },
  );
  return JSON.parse(stdout);
}

function failures({ audits, categories }, category) {
  return categories[category].auditRefs
    .map(({ id, weight }) => ({ ...audits[id], weight }))
    .filter(({ score, weight }) => weight > 0 && score !== null && score < 1)
    .map(({ id, title }) => `  ${id}: ${title}`);
}

const chromium = execFileSync('sh', ['-c', 'command -v chromium'], { encoding: 'utf8' }).trim();
const folder = mkdtempSync(join(tmpdir(), 'lighthouse-'));
execFileSync(process.execPath, [join(root, 'scripts', 'playground.mjs'), folder], { stdio: 'ignore' });
const server = await served(folder);
try {
  for (const [name, hash, flags] of VIEWS) {
    const report = await audit(`http://127.0.0.1:${server.address().port}/${hash}`, flags);
    const scores = CATEGORIES.map((category) => `${category} ${Math.round(report.categories[category].score * 100)}`);
    console.log(`${name}: ${scores.join(', ')}`);
    for (const category of MUST_BE_WHOLE) {
      if (report.categories[category].score === 1) continue;
      process.exitCode = 1;
      console.error([`${category}:`, ...failures(report, category)].join('\n'));
    }
  }
} finally {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true });
}
