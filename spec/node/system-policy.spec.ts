import fs, { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Address, Endpoint } from '../../src/index.js';
import { defaultSelection, sortBy } from '../../src/node/address-selection.js';
import { mapsGlibc, usesGlibc } from '../../src/node/glibc.js';
import { systemPolicy } from '../../src/node/system-policy.js';
import { realTime } from '../../src/rx/real-time.js';

const PREFER_IPV4 = 'precedence ::ffff:0:0/96 100\n';

const endpoint = (text: string): Endpoint => ({ address: text, family: text.includes(':') ? 6 : 4, port: 443 });
const given = ['2001:db8::6', '192.0.2.4'].map(endpoint);

/** Sources as a machine with both families would use them. */
const findSources = (addresses: readonly Address[]) =>
  addresses.map(({ family }) => (family === 6 ? '2001:db8::2' : '192.0.2.2'));

describe('the policy of this system', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gai-'));
  const path = join(folder, 'gai.conf');
  let now = 0;
  const heeded = jest.fn(() => true);

  beforeEach(() => {
    jest.spyOn(realTime(), 'now').mockImplementation(() => now);
    heeded.mockReset().mockReturnValue(true);
    rmSync(path, { force: true });
  });
  afterEach(() => {
    jest.restoreAllMocks();
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  const policy = () => systemPolicy(path, heeded);

  it.each<[string, string | undefined]>([
    ['without the file', undefined],
    ['with an empty file', ''],
    ['with comments alone', '# precedence ::ffff:0:0/96 100\nreload yes\n'],
    ['with lines that are all invalid', 'precedence 0.0.0.0/0 100\nlabel ::/0\n'],
  ])('[S1] is the RFC’s %s, and does not ask what the system is', (_, text) => {
    if (text !== undefined) writeFileSync(path, text);
    expect(policy()()).toBe(defaultSelection);
    expect(heeded).not.toHaveBeenCalled();
  });

  it('[S1] is the RFC’s where the file cannot be read', () => {
    expect(systemPolicy(folder, heeded)()).toBe(defaultSelection);
  });

  it('[S1] [R6] is the file’s, which says which family it prefers', () => {
    writeFileSync(path, PREFER_IPV4);
    expect(policy()()).toMatchObject({ prefersIPv4: true, file: path });
    writeFileSync(path, 'precedence 2002::/16 7\n');
    expect(policy()()).toMatchObject({ prefersIPv4: false, file: path });
  });

  it('[S1] is the RFC’s on a system that does not heed the file', () => {
    heeded.mockReturnValue(false);
    writeFileSync(path, PREFER_IPV4);
    expect(policy()()).toBe(defaultSelection);
  });

  it('[S1] follows the file while a process runs, a second old at most', () => {
    const current = policy();
    const order = () => sortBy({ ...current(), findSources })(given).map(({ family }) => family);
    expect(order()).toEqual([6, 4]);
    writeFileSync(path, PREFER_IPV4);
    now += 999;
    expect(order()).toEqual([6, 4]);
    now += 1;
    expect(order()).toEqual([4, 6]);
    const other = join(folder, 'other.conf');
    writeFileSync(other, 'precedence ::ffff:0:0/96 10\n');
    renameSync(other, path);
    now += 1000;
    expect(order()).toEqual([6, 4]);
    writeFileSync(path, `reload no\n${PREFER_IPV4}`);
    now += 1000;
    expect(order()).toEqual([4, 6]);
    rmSync(path);
    now += 1000;
    expect(order()).toEqual([6, 4]);
    expect(current()).toBe(defaultSelection);
  });

  it('[S1] costs a race nothing but a look at the clock within a second, and no reading while the file is unchanged', () => {
    writeFileSync(path, PREFER_IPV4);
    const stat = jest.spyOn(fs, 'statSync');
    const read = jest.spyOn(fs, 'readFileSync');
    const current = policy();
    const first = current();
    for (let i = 0; i < 1000; i++) expect(current()).toBe(first);
    expect([stat.mock.calls.length, read.mock.calls.length]).toEqual([1, 1]);
    now += 1000;
    expect(current()).toBe(first);
    expect([stat.mock.calls.length, read.mock.calls.length]).toEqual([2, 1]);
  });
});

describe('glibc', () => {
  const mapped = (path: string) => `7f00-7f01 r--p 00000000 08:01 131 /usr/bin/node\n7f02-7f03 r-xp 00028000 08:01 132 ${path}\n`;

  it.each([
    ['/usr/lib/x86_64-linux-gnu/libc.so.6', true],
    ['/usr/lib/x86_64-linux-gnu/libc-2.28.so', true],
    ['/usr/lib64/libc.so.6 (deleted)', true],
    ['/nix/store/abc-glibc-2.39-52/lib/libc.so.6', true],
    ['/lib/ld-musl-x86_64.so.1', false],
    ['/usr/lib/libc.so', false],
    ['/opt/glibc.so.6/addon.node', false],
    ['/usr/lib/x86_64-linux-gnu/libcap.so.2', false],
  ])('is known by what a process has mapped: %s: %j', (path, expected) => {
    expect(mapsGlibc(mapped(path))).toBe(expected);
  });

  it('is what Node itself says that it runs on', () => {
    const report = process.report.getReport() as unknown as { header: { glibcVersionRuntime?: string } };
    expect(usesGlibc()).toBe(report.header.glibcVersionRuntime !== undefined);
  });

  it('is looked for once in a process', () => {
    usesGlibc();
    const read = jest.spyOn(fs, 'readFileSync');
    usesGlibc();
    expect(read).not.toHaveBeenCalled();
    read.mockRestore();
  });
});
