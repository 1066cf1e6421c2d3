import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connects, hangs, refuses } from '../../src/testing/index.js';
import { hashing } from '../../src/observe/hashing.js';
import { lineFile } from '../../src/observe/line-file.js';
import { runNode } from '../support/dist.js';
import { recorded, recordingOf } from '../support/recorded.js';
import { A, AAAA, answering, negative, runRace } from '../support/virtual-race.js';

jest.setTimeout(30_000);

const six = '2001:db8::6';
const four = '192.0.2.4';

async function inFolder(work: (folder: string) => Promise<void> | void) {
  const folder = mkdtempSync(join(tmpdir(), 'recording-'));
  try {
    await work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe('a recorded race', () => {
  const both = answering([10, AAAA(six)], [20, A(four)]);

  it('has its events, how it ended, and how it was run', () => {
    const [race] = recorded(() => {
      runRace({ lookup: both, fates: { [six]: hangs(), [four]: connects(30) }, options: { resolutionDelay: 25 } });
    });
    expect(race).toMatchObject({
      version: 1,
      host: 'example.com',
      port: 443,
      outcome: 'connected',
      duration: 290,
      terms: {
        family: 0,
        preferredFamily: 6,
        connectionAttemptDelay: 250,
        resolutionDelay: 25,
        maxConcurrentAttempts: 8,
        connectTimeout: 10_000,
        attemptTimeout: 'Infinity',
        enabled: true,
      },
    });
    expect(race!.events.map(({ type, at }) => `${type} ${at}`)).toEqual([
      'answered 10',
      'queued 10',
      'started 10',
      'answered 20',
      'queued 20',
      'resolved 20',
      'started 260',
      'cancelled 290',
      'connected 290',
    ]);
    recordingOf(JSON.stringify(race));
  });

  it.each([
    [
      'a lost race',
      { lookup: both, fates: { [six]: refuses(5), [four]: refuses(5) } },
      { reason: 'attempts', code: 'ECONNREFUSED' },
    ],
    [
      'a name without addresses',
      { lookup: answering([5, negative('AAAA')], [5, negative('A')]), fates: {} },
      { reason: 'resolution', code: 'ENOTFOUND' },
    ],
    ['a time-out', { lookup: both, fates: {}, options: { connectTimeout: 500 } }, { reason: 'timeout', code: 'ETIMEDOUT' }],
  ])('has the reason of %s', (_, race, error) => {
    const [line] = recorded(() => {
      runRace(race);
    });
    expect(line).toMatchObject({ outcome: 'failed', error });
    recordingOf(JSON.stringify(line));
  });

  it('has that its caller gave it up', () => {
    const [line] = recorded(() => {
      runRace({ lookup: both, fates: {}, unsubscribeAt: 100 });
    });
    expect(line).toMatchObject({ outcome: 'cancelled', duration: 100 });
    recordingOf(JSON.stringify(line));
  });

  it('has the pace of one whose families are lanes, or whose attempts do not race', () => {
    const options = [{ familyStaggerDelay: 200, attemptSpacingDelay: 100 }, { enabled: false }];
    const terms = recorded(() => {
      for (const one of options) runRace({ lookup: both, fates: { [six]: connects(5) }, options: one });
    }).map((race) => race.terms);
    expect(terms).toMatchObject([options[0]!, { enabled: false, connectionAttemptDelay: 'Infinity', maxConcurrentAttempts: 1 }]);
  });
});

describe('RX_HAPPY_EYEBALLS_RECORD', () => {
  const program = (more = '') => `
    const { connect } = require('./dist/index.cjs');
    const server = require('node:net').createServer((socket) => socket.resume()).listen(0, '127.0.0.1', async () => {
      const { port } = server.address();
      for (let i = 0; i < 3; i++) (await connect('127.0.0.1', port)).destroy();
      await connect('127.0.0.1', 1).catch(() => {});
      server.close();
      ${more}
    });`;

  const run = async (env: Readonly<Record<string, string>>, source = program()) => {
    const assignments = Object.entries(env).map(([name, value]) => `process.env.${name} = ${JSON.stringify(value)};`);
    return runNode('-e', assignments.join('') + source).ended;
  };

  it('lets the package record the races of a process, for its owner alone, and keeps it from nothing', () =>
    inFolder(async (folder) => {
      const file = join(folder, 'races.jsonl');
      expect(await run({ RX_HAPPY_EYEBALLS_RECORD: file })).toMatchObject({ status: 0, stderr: '' });
      const races = recordingOf(readFileSync(file, 'utf8'));
      expect(races.map(({ outcome }) => outcome)).toEqual(['connected', 'connected', 'connected', 'failed']);
      expect(races[0]!.terms).toMatchObject({ connectionAttemptDelay: 250 });
      expect(statSync(file).mode & 0o777).toBe(0o600);
    }));

  it('records also what ends with process.exit()', () =>
    inFolder(async (folder) => {
      const file = join(folder, 'races-%p.jsonl');
      const { status, stdout } = await run(
        { RX_HAPPY_EYEBALLS_RECORD: file },
        program('console.log(process.pid); process.exit(7);'),
      );
      expect(status).toBe(7);
      expect(recordingOf(readFileSync(file.replace('%p', stdout.trim()), 'utf8'))).toHaveLength(4);
    }));

  it('records the sockets of a program that registers', () =>
    inFolder(async (folder) => {
      const file = join(folder, 'races.jsonl');
      const source = `
        require('./dist/register.cjs');
        const net = require('node:net');
        const server = net.createServer((socket) => socket.end()).listen(0, '127.0.0.1', () => {
          net.connect(server.address().port, 'localhost').on('close', () => server.close()).on('error', () => {}).resume();
        });`;
      expect(await run({ RX_HAPPY_EYEBALLS_RECORD: file }, source)).toMatchObject({ status: 0 });
      expect(recordingOf(readFileSync(file, 'utf8'))).toMatchObject([{ host: 'localhost', outcome: 'connected' }]);
    }));

  it('hashes names and addresses with a key', () =>
    inFolder(async (folder) => {
      const file = join(folder, 'races.jsonl');
      await run({
        RX_HAPPY_EYEBALLS_RECORD: file,
        RX_HAPPY_EYEBALLS_RECORD_HASH: 'a key',
        RX_HAPPY_EYEBALLS_RECORD_CLIENT: 'one',
      });
      const text = readFileSync(file, 'utf8');
      expect(text).not.toMatch(/127\.0\.0\.1/);
      expect(recordingOf(text)[0]).toMatchObject({ hashed: true, client: 'one', host: hashing('a key').address('127.0.0.1') });
    }));

  it.each(['/nowhere/races.jsonl', '/'])('warns once of a file that cannot be written, as %s, and races go on', async (file) => {
    const { status, stderr } = await run({ RX_HAPPY_EYEBALLS_RECORD: file });
    expect(status).toBe(0);
    expect(stderr.match(/Races are not recorded/g)).toHaveLength(1);
  });

  it('loads nothing where it is not set', async () => {
    const { stdout } = await run(
      {},
      program('console.log(Object.keys(require.cache).some((file) => file.includes("recorder")));'),
    );
    expect(stdout).toBe('false\n');
  });
});

describe('hashed', () => {
  const { address, name } = hashing('key');

  it('addresses keep their family and who is in one network with whom', () => {
    const [one, two, other] = ['2001:db8:1:2::1', '2001:db8:1:3::2', '2001:db8:2::1'].map(address);
    expect(one).toMatch(/^fd/);
    expect(two!.slice(0, 14)).toBe(one!.slice(0, 14));
    expect(other!.slice(0, 14)).not.toBe(one!.slice(0, 14));
    expect(address('192.0.2.1')).toMatch(/^2[45]\d\./);
    expect(address('192.0.2.1').split('.')[0]).toBe(address('192.0.2.9').split('.')[0]);
    expect(address('::1')).toMatch(/^fd/);
  });

  it('names and addresses are the same for the same key', () => {
    expect(name('Example.com')).toBe(name('example.com'));
    expect(hashing('another').name('example.com')).not.toBe(name('example.com'));
    expect(name('example.com')).toMatch(/^h-[\da-f]{16}\.invalid$/);
  });
});

describe('a file of lines', () => {
  it('is bounded: it is followed by another, and one of them is kept', () =>
    inFolder((folder) => {
      const path = join(folder, 'lines');
      const file = lineFile(path, 1000, () => undefined);
      for (let i = 0; i < 400; i++) file.add(`${i}`.padStart(60, '.'));
      const sizes = [path, `${path}.1`].map((one) => statSync(one).size);
      expect(Math.max(...sizes)).toBeLessThanOrEqual(1000);
      expect(existsSync(`${path}.2`)).toBe(false);
      expect(readFileSync(path, 'utf8')).toMatch(/^\.+\d+\n/);
    }));

  it('leaves out a line that it cannot hold', () =>
    inFolder((folder) => {
      const path = join(folder, 'lines');
      writeFileSync(path, '');
      const file = lineFile(path, 100, () => undefined);
      file.add('x'.repeat(200));
      file.add('y'.repeat(60));
      expect(readFileSync(path, 'utf8')).toBe(`${'y'.repeat(60)}\n`);
    }));
});
