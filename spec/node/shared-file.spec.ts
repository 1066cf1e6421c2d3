import { spawnSync } from 'node:child_process';
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

describe('the lock of a process that was killed', () => {
  let path: string;
  let lock: string;
  let folderOfLock: string;

  beforeEach(() => {
    folderOfLock = fs.mkdtempSync(join(folder, 'lock-'));
    path = join(folderOfLock, 'file');
    lock = `${path}.lock`;
    const { pid } = spawnSync(process.execPath, ['--eval', '']);
    fs.writeFileSync(lock, String(pid));
  });
  afterEach(() => {
    jest.restoreAllMocks();
  });

  /** Does something at the moment at which the process that holds the lock is found dead. */
  function meanwhile(work: () => void): void {
    const kill = process.kill.bind(process);
    jest.spyOn(process, 'kill').mockImplementationOnce((pid, signal) => {
      try {
        return kill(pid, signal);
      } finally {
        work();
      }
    });
  }

  it('is replaced by that of the next', () => {
    const call = jest.fn(() => expect(fs.readFileSync(lock, 'utf8')).toBe(String(process.pid)));
    expect(sharedFile(path).exclusively(call)).toBe(true);
    expect(call).toHaveBeenCalledTimes(1);
    expect(fs.readdirSync(folderOfLock)).toEqual([]);
  });

  it('is not mistaken for that of another which has replaced it', () => {
    const call = jest.fn();
    meanwhile(() => {
      fs.rmSync(lock);
      fs.writeFileSync(lock, String(process.pid));
    });
    expect(sharedFile(path).exclusively(call)).toBe(false);
    expect(call).not.toHaveBeenCalled();
    expect(fs.readdirSync(folderOfLock)).toEqual(['file.lock']);
  });

  it('is removed by one process at a time', () => {
    const removed = fs.rmSync.bind(fs);
    const second = jest.fn();
    let others: boolean | undefined;
    jest.spyOn(fs, 'rmSync').mockImplementationOnce((...args) => {
      others = sharedFile(path).exclusively(second);
      removed(...args);
    });
    expect(sharedFile(path).exclusively(() => undefined)).toBe(true);
    expect(others).toBe(false);
    expect(second).not.toHaveBeenCalled();
    expect(fs.readdirSync(folderOfLock)).toEqual([]);
  });

  it('does not stay for good if the process that removes it is killed as well', () => {
    jest.spyOn(fs, 'rmSync').mockImplementation(() => {
      throw new Error('killed');
    });
    expect(() => sharedFile(path).exclusively(() => undefined)).toThrow('killed');
    jest.restoreAllMocks();
    const call = jest.fn();
    expect(sharedFile(path).exclusively(call)).toBe(false);
    const long = new Date(Date.now() - 5000);
    for (const name of fs.readdirSync(folderOfLock))
      if (name !== 'file.lock') fs.utimesSync(join(folderOfLock, name), long, long);
    expect(sharedFile(path).exclusively(call)).toBe(false);
    expect(sharedFile(path).exclusively(call)).toBe(true);
    expect(call).toHaveBeenCalledTimes(1);
    expect(fs.readdirSync(folderOfLock)).toEqual([]);
  });
});
