import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sharedFile } from '../../src/node/shared-file.js';

const folder = fs.mkdtempSync(join(tmpdir(), 'shared-'));
afterAll(() => {
  fs.rmSync(folder, { recursive: true });
});

/** Lets a call of the file system fail `times` times, as Windows does while another process holds the file. */
function failing(name: 'renameSync' | 'writeFileSync', code: string, times: number) {
  const call = fs[name].bind(fs) as (...args: unknown[]) => void;
  let left = times;
  return jest.spyOn(fs, name).mockImplementation((...args: unknown[]) => {
    if (left-- > 0) throw Object.assign(new Error(`${code}: busy`), { code });
    call(...args);
  });
}

describe('a shared file', () => {
  const { platform } = process;
  const on = (name: string) => Object.defineProperty(process, 'platform', { value: name });

  afterEach(() => {
    jest.restoreAllMocks();
    on(platform);
  });

  it.each(['EPERM', 'EACCES', 'EBUSY'])('is replaced on Windows once another process has closed it: %s', (code) => {
    on('win32');
    const path = join(folder, code);
    const renamed = failing('renameSync', code, 3);
    sharedFile(path).replace('text');
    expect(renamed).toHaveBeenCalledTimes(4);
    expect(fs.readFileSync(path, 'utf8')).toBe('text');
  });

  it('is locked on Windows once the last lock is gone for good', () => {
    on('win32');
    const call = jest.fn();
    failing('writeFileSync', 'EPERM', 2);
    expect(sharedFile(join(folder, 'locked')).exclusively(call)).toBe(true);
    expect(call).toHaveBeenCalledTimes(1);
  });

  it.each([
    ['win32', 11],
    ['linux', 1],
  ])('is left as it is where it cannot be replaced, with nothing beside it: on %s after %i tries', (name, tries) => {
    on(name);
    const path = join(folder, `kept-${name}`);
    fs.writeFileSync(path, 'old');
    const renamed = failing('renameSync', 'EPERM', Infinity);
    expect(() => sharedFile(path).replace('new')).toThrow('EPERM');
    expect(renamed).toHaveBeenCalledTimes(tries);
    expect(fs.readFileSync(path, 'utf8')).toBe('old');
    expect(fs.readdirSync(folder).filter((file) => file.startsWith(`kept-${name}.`))).toEqual([]);
  });

  it('fails at once for a reason that does not pass', () => {
    on('win32');
    const renamed = failing('renameSync', 'ENOSPC', Infinity);
    expect(() => sharedFile(join(folder, 'full')).replace('new')).toThrow('ENOSPC');
    expect(renamed).toHaveBeenCalledTimes(1);
  });
});
