import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runNode } from '../support/dist.js';
import { recordingOf } from '../support/recorded.js';
import { schema } from '../support/schema.js';
import { runMain } from '../support/terminal.js';
import { parseXml } from '../support/xml.js';

jest.setTimeout(120_000);

let folder = '';
const file = (name: string) => join(folder, name);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'whatif-'));
  const { status } = await runMain(['simulate', '--races', '600', '--record', file('races.jsonl')]);
  expect(status).toBe(0);
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

type Numbers = Record<string, number>;
type Bounds = Record<string, [number, number]>;

const simulatedJson = schema('simulate');
const whatifJson = schema('whatif');

const simulated = async (...flags: string[]) => {
  const { stdout } = await runMain(['simulate', '--json', ...flags]);
  return simulatedJson(stdout) as { ways: { name: string; figures: Numbers; intervals: Bounds; difference?: Bounds }[] };
};

describe('rx-happy-eyeballs simulate', () => {
  it('comes to what is published: who wins, and how often over IPv6', async () => {
    const { ways } = await simulated('--races', '60000');
    const { first, second, later, ipv6 } = ways[0]!.figures as { first: number; second: number; later: number; ipv6: number };
    expect(first).toBeGreaterThan(0.94);
    expect(first).toBeLessThan(0.97);
    expect(second).toBeGreaterThan(0.02);
    expect(second).toBeLessThan(0.05);
    expect(later).toBeGreaterThan(0.005);
    expect(later).toBeLessThan(0.015);
    expect(ipv6).toBeGreaterThan(0.96);
  });

  it('gives the same for the same seed, whatever the number of workers', async () => {
    const run = async (...flags: string[]) => {
      const { status, stdout } = await runNode('dist/cli.mjs', 'simulate', '--races', '30000', '--json', ...flags).ended;
      expect(status).toBe(0);
      return stdout;
    };
    const one = await run('--workers', '1');
    expect(await run('--workers', '3')).toBe(one);
    expect(await run('--workers', '1', '--seed', '2')).not.toBe(one);
  });

  it('runs the races of other clients, other options and HTTPS queries', async () => {
    const { ways } = await simulated('--races', '500', '--clients', '--service-records', '--no-racing');
    expect(ways.map(({ name }) => name).slice(0, 4)).toEqual(['defaults', 'no-racing, service-records', 'Node 20', 'Node 26']);
  });

  it('has intervals of confidence, and how other options differ on the same networks', async () => {
    const { ways } = await simulated('--races', '5000', '--connection-attempt-delay', '50');
    const [defaults, changed] = ways;
    for (const { figures, intervals } of ways) {
      for (const [measure, [from, to]] of Object.entries(intervals)) {
        expect(from).toBeLessThanOrEqual(figures[measure]!);
        expect(to).toBeGreaterThanOrEqual(figures[measure]!);
      }
    }
    expect(defaults!.difference).toBeUndefined();
    expect(changed!.difference!.attempts![0]).toBeGreaterThan(0);
    expect(changed!.difference!.p95![1]).toBeLessThan(0);
  });

  it('prints intervals as text, and what differs for certain', async () => {
    const run = async (...flags: string[]) => (await runMain(['simulate', '--races', '3000', ...flags])).stdout;
    expect(await run()).toMatch(/\np50 +[\d.]+ ms \([\d.]+ ms to [\d.]+ ms\)\n[^]*\n\nIn brackets: 95 % confidence\.\n$/);
    expect(await run('--connection-attempt-delay', '50')).toMatch(/Different for certain: .*attempts/);
    expect(await run('--clients')).toContain('For intervals of 95 % confidence: --json');
  });

  it('has null where nothing has connected', async () => {
    const { ways } = await simulated('--races', '20', '--connect-timeout', '1');
    expect(ways[1]!.figures).toMatchObject({ lost: 1, p50: null, p99: null, ipv6: null, first: null });
    expect(ways[1]!.intervals).toMatchObject({ lost: [1, 1], p50: [null, null] });
  });

  it('prints the steps of a sweep as whatif does', async () => {
    const flags = ['--sweep', 'connection-attempt-delay=50..250:100', '--races', '200', '--json'];
    const { stdout } = await runMain(['simulate', ...flags]);
    const { steps } = simulatedJson(stdout) as { steps: { value: number }[] };
    expect(steps.map(({ value }) => value)).toEqual([50, 150, 250]);
  });

  it('writes a recording as its schema has it', () => {
    expect(recordingOf(readFileSync(file('races.jsonl'), 'utf8'))).toHaveLength(600);
  });
});

describe('rx-happy-eyeballs whatif', () => {
  it('compares what was recorded with other options, with intervals', async () => {
    const { status, stdout } = await runMain(['whatif', file('races.jsonl'), '--connection-attempt-delay', '50', '--json']);
    expect(status).toBe(0);
    const { races, recorded, unchanged, changed } = whatifJson(stdout) as {
      races: number;
      recorded: { figures: Numbers };
      unchanged: { figures: Numbers; intervals: Bounds };
      changed: { options: string; figures: Numbers };
    };
    expect(races).toBe(600);
    expect(changed.options).toBe('connection-attempt-delay 50');
    for (const measure of ['p50', 'p95', 'attempts', 'lost']) {
      expect(unchanged.figures[measure]).toBeCloseTo(recorded.figures[measure]!, 2);
    }
    expect(changed.figures.attempts).toBeGreaterThan(unchanged.figures.attempts!);
    const [from, to] = unchanged.intervals.p95!;
    expect(from).toBeLessThanOrEqual(unchanged.figures.p95!);
    expect(to).toBeGreaterThanOrEqual(unchanged.figures.p95!);
  });

  it('prints the same as text, and the same again for the same seed', async () => {
    const run = () => runMain(['whatif', file('races.jsonl'), '--resolution-delay', '25']);
    const { stdout } = await run();
    expect(stdout).toMatch(/^600 races\.\n\n +recorded +run again +resolution-delay 25\np50 +[\d.]+ ms +[\d.]+ ms \(/);
    expect((await run()).stdout).toBe(stdout);
  });

  it('draws the curve of a sweep', async () => {
    const flags = ['--sweep', 'connection-attempt-delay=50..250:100', '--svg', file('curve.svg')];
    const { stdout } = await runMain(['whatif', file('races.jsonl'), ...flags]);
    expect(
      stdout
        .split('\n')
        .slice(1, 4)
        .map((line) => line.split(' ')[0]),
    ).toEqual(['50', '150', '250']);
    const svg = readFileSync(file('curve.svg'), 'utf8');
    expect(svg.match(/<circle/g)).toHaveLength(3);
    expect(parseXml(svg)).toMatchObject({ name: 'svg' });
    const json = await runMain(['whatif', file('races.jsonl'), '--sweep', 'connection-attempt-delay=50..250:100', '--json']);
    const { steps } = whatifJson(json.stdout) as { steps: { value: number }[] };
    expect(steps.map(({ value }) => value)).toEqual([50, 150, 250]);
  });

  it.each([
    ['a damaged line', '{"version":1,\n', 'line 1: this is no JSON; has the line been cut off?'],
    ['a line that is no race', '{"version":1}\n', 'line 1: this is no race'],
    ['a version that is not known', '{"version":2}\n', 'line 1: version 2 is not known'],
    ['nothing', '', 'holds no race'],
  ])('refuses %s and says which it is', async (_, text, message) => {
    writeFileSync(file('damaged.jsonl'), text);
    const { status, stderr } = await runMain(['whatif', file('damaged.jsonl')]);
    expect({ status, stderr }).toEqual({ status: 2, stderr: expect.stringContaining(message) as string });
  });

  it.each([
    [['--sweep', 'resolution-delay'], 'must be like connection-attempt-delay=50..500:50'],
    [['--sweep', 'sort=1..2:1'], 'must name an option that is a number'],
    [['--sweep', 'resolution-delay=1..1000:1'], 'must have at most 100 values'],
    [['--svg', 'x.svg'], 'has no effect without --sweep'],
    [['--connection-attempt-delay', '5'], 'It must be >= 10'],
    [['--connection-attempt-delay', 'adaptive'], 'what it would adapt to is not known'],
    [['--seed', 'x'], 'must be a whole number'],
  ])('refuses %j', async (flags, message) => {
    const { status, stderr } = await runMain(['whatif', file('races.jsonl'), ...flags]);
    expect({ status, stderr }).toEqual({ status: 2, stderr: expect.stringContaining(message) as string });
  });

  it('refuses a file that is not there', async () => {
    const { status, stderr } = await runMain(['whatif', file('nowhere.jsonl')]);
    expect({ status, stderr }).toEqual({ status: 2, stderr: expect.stringContaining('cannot be read (ENOENT)') as string });
  });
});

describe('rx-happy-eyeballs record', () => {
  it('runs a command, records its races and says where', async () => {
    const program = `
      const net = require('node:net');
      const server = net.createServer((socket) => socket.end()).listen(0, '127.0.0.1', () => {
        net.connect(server.address().port, 'localhost').on('close', () => server.close()).on('error', () => {}).resume();
      });`;
    const output = file('recorded.jsonl');
    const { status, stderr } = await runNode('dist/cli.mjs', 'record', '--output', output, '--', process.execPath, '-e', program)
      .ended;
    expect(status).toBe(0);
    expect(stderr).toContain(`Races are recorded in ${output}.`);
    expect(recordingOf(readFileSync(output, 'utf8'))).toMatchObject([{ host: 'localhost' }]);
  });

  it('says that no race was run, and has the status of the command', async () => {
    const flags = ['record', '--output', file('none.jsonl'), '--', process.execPath, '-e', 'process.exit(3)'];
    const { status, stderr } = await runNode('dist/cli.mjs', ...flags).ended;
    expect({ status, stderr }).toEqual({ status: 3, stderr: 'No race was run, so none was recorded.\n' });
  });
});
