import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const root = join(__dirname, '..');
const dist = join(root, 'dist');

// It starts processes, on a machine that may be busy.
jest.setTimeout(30_000);

const node = (...args: readonly string[]) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as unknown;
};

/** The names that a file exports. */
const NAMES = `const names = async (file) => Object.keys(await import(file)).filter((name) => !/^(?:default|module\\.exports|__esModule)$/.test(name)).sort();`;

describe('the built package', () => {
  beforeAll(() => {
    if (!existsSync(join(dist, 'index.cjs'))) throw new Error('this spec runs the built package: npm run build');
  });

  const entries = () => readdirSync(join(dist, 'module')).filter((file) => /^[a-z]+\.mjs$/.test(file));

  it('exports the same to ES modules, CommonJS and bundlers', () => {
    const program = `${NAMES}
      const found = {};
      for (const file of ${JSON.stringify(entries())}) {
        const files = ['./dist/module/' + file, './dist/' + file, './dist/' + file.replace('.mjs', '.cjs')];
        found[file] = await Promise.all(files.map(names));
      }
      console.log(JSON.stringify(found));`;
    const found = node('--input-type=module', '-e', program) as Record<string, string[][]>;
    expect(Object.keys(found)).toContain('index.mjs');
    for (const [whole, modules, scripts] of Object.values(found)) {
      expect(modules).toEqual(whole);
      expect(scripts).toEqual(whole);
    }
  });

  /** What Node has loaded of a package, in kB, and how many files of others, when a program has loaded an entry. */
  const loaded = (entry: string, then = '') =>
    node(
      '-e',
      `(async () => {
        const { statSync } = require('node:fs');
        const entry = require('./dist/${entry}.cjs');
        ${then}
        const files = Object.keys(require.cache);
        const own = files.filter((file) => file.startsWith(process.cwd() + '/dist/'));
        const size = own.reduce((sum, file) => sum + statSync(file).size, 0);
        console.log(JSON.stringify({ kilobytes: size / 1000, others: files.length - own.length }));
      })();`,
    ) as { kilobytes: number; others: number };

  it.each([
    ['index', 60],
    ['register', 15],
    ['pictures', 90],
  ])('lets Node load little for %s, under %d kB and no library', (entry, most) => {
    const { kilobytes, others } = loaded(entry);
    expect(kilobytes).toBeLessThan(most);
    expect(others).toBe(0);
  });

  it('loads the rest with the first call, once', () => {
    expect(loaded('index', `await entry.connect('127.0.0.1', 1).catch(() => {});`).others).toBeGreaterThan(0);
    const program = `
      import { connect, ConnectionError, RaceSocket } from './dist/index.mjs';
      import { createRequire } from 'node:module';
      const scripts = createRequire(process.cwd() + '/index.js')('./dist/index.cjs');
      const error = await connect('127.0.0.1', 1, { blockList: undefined }).catch((error) => error);
      console.log(JSON.stringify([error instanceof ConnectionError, connect.name, scripts.RaceSocket === RaceSocket]));`;
    expect(node('--input-type=module', '-e', program)).toEqual([true, 'connect', true]);
  });

  it('loads the parts of RxJS that it uses, of the same classes as its index', () => {
    const program = `
      require('./dist/races.cjs');
      require('./dist/all.cjs');
      const index = require.resolve('rxjs');
      const isLoaded = index in require.cache;
      const { Observable } = require('rxjs');
      const { staticResolver } = require('./dist/all.cjs');
      const isSame = staticResolver(['192.0.2.1'])('a.example') instanceof Observable;
      console.log(JSON.stringify({ isLoaded, isSame }));`;
    expect(node('-e', program)).toEqual({ isLoaded: false, isSame: true });
  });

  it('remembers what a program replaces between its import and the first race', () => {
    const program = `
      require('./dist/register.cjs');
      const dns = require('node:dns');
      const asked = [];
      dns.lookup = (host, options, callback) => {
        asked.push(host);
        callback(null, [{ address: '127.0.0.1', family: 4 }]);
      };
      require('node:net').connect(1, 'replaced.example').on('error', () => console.log(JSON.stringify(asked)));`;
    expect(node('-e', program)).toEqual(['replaced.example']);
  });

  it.each(['index', 'register'])('goes by the look-up that the system had at the import of %s, whatever replaces it', (entry) => {
    const program = `
      const dns = require('node:dns');
      const asked = [];
      const answering = (name) => (host, options, callback) => {
        asked.push(name);
        process.nextTick(callback, null, [{ address: '127.0.0.1', family: 4 }]);
      };
      dns.lookup = answering('at the import');
      require('./dist/${entry}.cjs');
      dns.lookup = answering('later');
      require('./dist/index.cjs').connect('replaced.example', 1).catch(() => console.log(JSON.stringify([...new Set(asked)])));`;
    expect(node('-e', program)).toEqual(['at the import']);
  });
});
