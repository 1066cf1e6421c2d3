import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'; // prettier-ignore
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createConnector, fileHistory, type Snapshot } from '../../src/index.js';
import { generator } from '../support/random.js';

let folder: string;
let path: string;
let children: ChildProcess[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'history-'));
  path = join(folder, 'cache', 'history.json');
  children = [];
});

afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

const write = (paths: Record<string, unknown>, file = path) => {
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, JSON.stringify({ version: 1, paths }));
};
const stored = (file = path) => (JSON.parse(readFileSync(file, 'utf8')) as Snapshot).paths;
const now = () => Date.now();

/** What the store has learnt is in the file. */
const written = async (key: string, file = path) => {
  for (const end = now() + 10_000; now() < end;) {
    if (existsSync(file) && key in stored(file)) return;
    await sleep(20);
  }
  throw new Error(`${key} has not been written`);
};

/** A process of its own, which says `ready` and then waits for its input to end. */
async function start(code: string, env: NodeJS.ProcessEnv = {}): Promise<ChildProcess> {
  const program = `
    const { fileHistory } = require(${JSON.stringify(join(__dirname, '..', '..', 'dist', 'index.cjs'))});
    const store = fileHistory(${JSON.stringify(path)});
    ${code}
    console.log('ready');`;
  const child = spawn(process.execPath, ['--eval', program], {
    env: { ...process.env, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  children.push(child);
  await once(child.stdout, 'data');
  return child;
}

describe('a history in a file', () => {
  it('is a store of records, which another run of the program finds', async () => {
    const store = fileHistory(path);
    expect(store.get('home ::1')).toBeUndefined();
    store.set('home ::1', { failedAt: now() });
    store.set('home 192.0.2.1', { smoothedRtt: 20, rttVariation: 10, usedAt: now() });
    await written('home ::1');
    expect([...store.entries()].map(([key]) => key).sort()).toEqual(['home 192.0.2.1', 'home ::1']);
    expect(stored()).toEqual({ 'home ::1': store.get('home ::1'), 'home 192.0.2.1': store.get('home 192.0.2.1') });
    const child = await start(`console.error(JSON.stringify(store.get('home ::1')));`);
    const [line] = (await once(child.stderr!, 'data')) as [Buffer];
    expect(JSON.parse(line.toString())).toEqual(store.get('home ::1'));
  });

  it('is private: mode 0600, in a folder of mode 0700', async () => {
    fileHistory(path).set('a', { usedAt: 1 });
    await written('a');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(join(path, '..')).mode & 0o777).toBe(0o700);
    expect(readdirSync(join(path, '..'))).toEqual(['history.json']);
  });

  it('is the store of a connector, by its name alone', () => {
    write({ [`home ::1`]: { failedAt: now() } });
    const { snapshot } = createConnector({ history: { file: path, network: () => 'home' } });
    expect(Object.keys(snapshot().paths)).toEqual(['home ::1']);
    expect(() => createConnector({ history: { file: path, store: new Map() } })).toThrow(/history\.file.*history\.store/);
  });

  it('is written when the process exits, at once', async () => {
    const child = await start(`store.set('a', { usedAt: Date.now() }); process.exitCode = 0;`);
    child.stdin!.end();
    await once(child, 'close');
    expect(Object.keys(stored())).toEqual(['a']);
  });

  it('is written at most once a second, and does not hold the process open', async () => {
    const child = await start(`
      const fs = require('node:fs');
      let versions = new Set(), last = Date.now();
      const began = last;
      const timer = setInterval(() => {
        store.set('key ' + (last = Date.now()) % 50, { usedAt: last });
        try { versions.add(fs.statSync(${JSON.stringify(path)}).ino + ' ' + fs.statSync(${JSON.stringify(path)}).mtimeMs); } catch {}
        if (last - began < 3400) return;
        clearInterval(timer);
        process.exitCode = versions.size <= 3 && versions.size >= 1 ? 0 : 1;
      }, 5);`);
    const [status] = (await once(child, 'exit')) as [number];
    expect(status).toBe(0);
  });

  it('takes in what another process has written, within a second or so', async () => {
    const store = fileHistory(path);
    expect(store.get('theirs')).toBeUndefined();
    write({ theirs: { failedAt: 5 } });
    for (const end = now() + 5000; now() < end && !store.get('theirs');) await sleep(50);
    expect(store.get('theirs')).toEqual({ failedAt: 5 });
  });

  it('merges what it has learnt with what others have written meanwhile', async () => {
    write({ both: { smoothedRtt: 10, rttVariation: 0, usedAt: 10 }, kept: { usedAt: 1 }, older: { usedAt: 30 } });
    const store = fileHistory(path);
    expect(store.get('both')).toBeDefined();
    store.set('both', { smoothedRtt: 19, rttVariation: 0, usedAt: 40 });
    store.set('older', { failedAt: 20 });
    store.set('ours', { usedAt: 50 });
    write({
      both: { smoothedRtt: 10, rttVariation: 0, usedAt: 30, failedAt: 35 },
      older: { usedAt: 31 },
      theirs: { usedAt: 60 },
    });
    await written('ours');
    expect(stored()).toEqual({
      both: { smoothedRtt: 11, rttVariation: 0, usedAt: 40 }, // one round trip beside eight
      older: { usedAt: 31 },
      ours: { usedAt: 50 },
      theirs: { usedAt: 60 },
    });
  });

  it('does not count its own records twice', async () => {
    write({ a: { smoothedRtt: 10, rttVariation: 0, usedAt: 10 } });
    const store = fileHistory(path);
    expect(store.get('a')).toBeDefined();
    store.set('a', { smoothedRtt: 18, rttVariation: 0, usedAt: 20 });
    store.set('b', { usedAt: 1 });
    await written('b');
    expect(stored().a).toEqual({ smoothedRtt: 18, rttVariation: 0, usedAt: 20 });
  });

  it('is bounded, by what was used last', async () => {
    write(Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`old ${index}`, { usedAt: index }])));
    const store = fileHistory(path, { maxEntries: 5 });
    store.set('new', { usedAt: 100 });
    await written('new');
    expect(Object.keys(stored())).toEqual(['new', 'old 19', 'old 18', 'old 17', 'old 16']);
    expect([...store.entries()]).toHaveLength(5);
  });

  it('forgets with clear() what is in the file too', async () => {
    write({ a: { usedAt: 1 } });
    const store = fileHistory(path);
    expect(store.get('a')).toBeDefined();
    store.clear();
    expect(store.get('a')).toBeUndefined();
    store.set('b', { usedAt: 2 });
    await written('b');
    expect(stored()).toEqual({ b: { usedAt: 2 } });
  });

  it('counts no instant that lies ahead', () => {
    write({ a: { failedAt: now() + 1e9 } });
    expect(fileHistory(path).get('a')!.failedAt).toBeLessThanOrEqual(now() + 1000);
  });

  it('is one for a path, however it is spelt', () => {
    expect(fileHistory(path)).toBe(fileHistory(join(folder, 'x', '..', 'cache', 'history.json')));
  });

  it.each([
    ['empty', ''],
    ['cut off', '{"version":1,"paths":{"a":{"us'],
    ['of another version', '{"version":2,"paths":{}}'],
    ['something else', '{"name":"package","dependencies":{}}'],
    ['no JSON', '\u0000\u0001\u0002'],
    ['null', 'null'],
  ])('renames a file that is %s, and keeps it', async (_, content) => {
    mkdirSync(join(path, '..'));
    writeFileSync(path, content);
    const store = fileHistory(path);
    expect(store.get('a')).toBeUndefined();
    expect(readFileSync(path, 'utf8')).toBe(content);
    store.set('a', { usedAt: 1 });
    await new Promise<void>((resolve) => {
      const poll = setInterval(() => {
        if (!existsSync(path) || readFileSync(path, 'utf8') === content) return;
        clearInterval(poll);
        resolve();
      }, 20);
    });
    expect(stored()).toEqual({ a: { usedAt: 1 } });
    const [aside] = readdirSync(join(path, '..')).filter((name) => name.endsWith('.aside'));
    expect(readFileSync(join(path, '..', aside!), 'utf8')).toBe(content);
  });

  it('skips invalid records', () => {
    write({ good: { usedAt: 1 }, bad: { usedAt: 'now' }, list: [], ['__proto__ ']: { failedAt: 1, more: 2 } });
    expect([...fileHistory(path).entries()].sort()).toEqual([
      ['__proto__ ', { failedAt: 1 }],
      ['good', { usedAt: 1 }],
    ]);
  });

  it.each([
    ['a folder', () => void mkdirSync(path, { recursive: true })],
    [
      'a link',
      () => {
        write({ theirs: { usedAt: 1 } }, join(folder, 'cache', 'target.json'));
        symlinkSync('target.json', path);
      },
    ],
    ['below a file', () => writeFileSync(join(folder, 'cache'), 'a file')],
  ])('does without a path that is %s, and leaves it alone', async (_, make) => {
    make();
    const before = readdirSync(folder, { recursive: true });
    const store = fileHistory(path);
    store.set('a', { usedAt: 1 });
    await sleep(1300);
    expect(store.get('a')).toEqual({ usedAt: 1 });
    expect(store.get('theirs')).toBeUndefined();
    expect(readdirSync(folder, { recursive: true })).toEqual(before);
  });

  it('is not stopped by the lock of a process that was killed a moment ago', async () => {
    mkdirSync(join(path, '..'));
    const child = await start(`require('node:fs').writeFileSync(${JSON.stringify(path)} + '.lock', String(process.pid));`);
    child.kill('SIGKILL');
    await once(child, 'close');
    fileHistory(path).set('a', { usedAt: 1 });
    await written('a');
  });

  it('is not stopped by a lock, or by half a file, that a killed process has left behind', async () => {
    const half = `${path}.00000000-0000-4000-8000-000000000000.tmp`;
    mkdirSync(join(path, '..'));
    for (const file of [`${path}.lock`, half]) {
      writeFileSync(file, '');
      utimesSync(file, new Date(now() - 5000), new Date(now() - 5000));
    }
    fileHistory(path).set('a', { usedAt: 1 });
    await written('a');
    expect(readdirSync(join(path, '..'))).toEqual(['history.json']);
  });

  it('waits for its turn while another process writes, and takes it when it exits', async () => {
    mkdirSync(join(path, '..'));
    writeFileSync(`${path}.lock`, '');
    const keepLocked = setInterval(() => utimesSync(`${path}.lock`, new Date(), new Date()), 100);
    const child = await start(`store.set('a', { usedAt: 1 }); setTimeout(() => process.exit(), 1500);`);
    await sleep(1300);
    expect(existsSync(path)).toBe(false);
    await once(child, 'close');
    clearInterval(keepLocked);
    expect(Object.keys(stored())).toEqual(['a']);
  });

  // HISTORY_SECONDS=10 for the whole of it.
  const seconds = Number(process.env.HISTORY_SECONDS ?? 2);

  it('is whole at every moment, and complete, while 20 processes write it and are killed at random', async () => {
    const random = generator(Number(process.env.HISTORY_SEED ?? 1));
    const loop = (name: string) => `
      let count = 0;
      setInterval(() => store.set('${name} ' + (count++ % 20), { usedAt: Date.now() }), 20);`;
    const running = await Promise.all(Array.from({ length: 20 }, (_, index) => start(loop(`looping ${index}`))));
    let reads = 0;
    let killed = 0;
    const damaged: string[] = [];
    const look = setInterval(() => {
      if (!existsSync(path)) return;
      try {
        stored();
        reads++;
      } catch (error) {
        damaged.push(String(error));
      }
    }, 1);
    const starting: Promise<unknown>[] = [];
    for (const end = now() + seconds * 1000; now() < end && running.length > 0;) {
      await sleep(random() * 200);
      const [child] = running.splice(Math.floor(random() * running.length), 1);
      child?.kill('SIGKILL');
      starting.push(start(loop(`again ${killed++ % 20}`)).then((another) => running.push(another)));
    }
    await Promise.all(starting);
    // A process that exits waits a second for its turn; on a busy machine twenty others would take longer.
    for (const child of running) child.kill('SIGKILL');
    // What a process has learnt is in the file when it exits, whatever the killed have left behind.
    const leaving = await Promise.all(
      Array.from({ length: 5 }, (_, index) =>
        start(`store.set('leaving ${index}', { usedAt: Date.now() }); process.stdin.resume();`),
      ),
    );
    for (const child of leaving) child.stdin!.end();
    await Promise.all(leaving.map(async (child) => child.exitCode ?? once(child, 'exit')));
    clearInterval(look);
    expect(damaged).toEqual([]);
    expect(reads).toBeGreaterThan(10);
    expect(killed).toBeGreaterThan(seconds);
    expect(Object.keys(stored()).filter((key) => key.startsWith('leaving'))).toHaveLength(5);
    expect(readdirSync(join(path, '..')).filter((name) => name.endsWith('.aside'))).toEqual([]);
  }, 120_000);

  it.each([
    [5, 'ERR_INVALID_ARG_TYPE'],
    ['', 'ERR_INVALID_ARG_VALUE'],
    ['a\0b', 'ERR_INVALID_ARG_VALUE'],
  ])('refuses %j for a path', (given, code) => {
    expect(() => fileHistory(given as string)).toThrow(expect.objectContaining({ code }));
  });

  it('refuses options that make no sense', () => {
    for (const maxEntries of [0, 1.5, '5', Infinity])
      expect(() => fileHistory(path, { maxEntries: maxEntries as number })).toThrow(/maxEntries/);
    expect(() => fileHistory(path, { size: 5 } as object)).toThrow(/size/);
    for (const file of [false, 5, null, ''])
      expect(() => createConnector({ history: { file: file as true } })).toThrow(/file|path/);
  });
});

describe('where a history is kept by default', () => {
  const paths = async (env: NodeJS.ProcessEnv) => {
    const child = await start(
      `
      const net = require('node:net');
      const store2 = fileHistory();
      store2.set('a', { usedAt: 1 });`,
      env,
    );
    child.stdin!.end();
    await once(child, 'close');
  };

  it('is the folder of the user for caches', async () => {
    expect(homedir()).not.toBe('');
    await paths({ XDG_CACHE_HOME: join(folder, 'xdg') });
    expect(stored(join(folder, 'xdg', 'rx-happy-eyeballs', 'history-1.json'))).toEqual({ a: { usedAt: 1 } });
    await paths({ XDG_CACHE_HOME: '', HOME: join(folder, 'home') });
    expect(stored(join(folder, 'home', '.cache', 'rx-happy-eyeballs', 'history-1.json'))).toEqual({ a: { usedAt: 1 } });
  });
});
