import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAuthority } from '../support/certificates.js';
import { describeInNamespace, runInNamespace } from '../support/namespace.js';
import { schema } from '../support/schema.js';
import { findProgram } from '../support/server-program.js';

/** What came of a program. */
interface Outcome {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly ms: number;
}

const BOTH = '<title>hello</title>hello over http\n<title>hello</title>hello over https\n';

/** A Python that has the library: that of the distribution, or the one that comes first. */
const PYTHON_REQUESTS = ['/usr/bin/python3', 'python3'].find((program) => {
  return spawnSync(program, ['-c', 'import requests'], { stdio: 'ignore' }).status === 0;
});

/** By the program, what it has fetched. Some are no part of every machine, and not small. */
const EXPECTED: Readonly<Record<string, readonly [program: string, stdout: string, isSmall: boolean]>> = {
  curl: ['curl', BOTH, true],
  'curl by SOCKS': ['curl', BOTH, true],
  git: ['git', 'hello from git\n', true],
  wget: ['wget', BOTH, true],
  python3: ['python3', BOTH, true],
  node: [process.execPath, '<title>hello</title>hello over http\n', true],
  'python3 requests': [PYTHON_REQUESTS ?? 'python3 with requests', BOTH, true],
  java: ['javac', BOTH, false],
  go: ['go', BOTH, false],
  chromium: ['chromium', 'hello over http\nhello over https\n', true],
};

function isThere(program: string): boolean {
  return program === process.execPath || program === PYTHON_REQUESTS || findProgram(program) !== undefined;
}

const LIVE = '192.0.2.80';
const DEAD = '2001:db8::dead';

describeInNamespace('by way of the proxy, where the first address of every name is dead,', () => {
  let outcomes: Readonly<Record<string, Outcome>>;
  let connections: readonly {
    readonly connection: number;
    readonly requests: readonly { readonly host?: string; readonly attempts: number; readonly winner?: object }[];
  }[];
  let status: number;

  beforeAll(async () => {
    const folder = mkdtempSync(join(tmpdir(), 'proxy-'));
    try {
      const authority = await createAuthority();
      const files = { ...(await authority.issue(['web.example'])), ca: authority.ca };
      for (const [name, pem] of Object.entries(files)) writeFileSync(join(folder, name), pem);
      const names = Object.entries(EXPECTED).flatMap(([name, [program]]) => (isThere(program) ? [name] : []));
      const ended = await runInNamespace(
        {
          network: [
            // A neighbour that there is not never answers.
            'ip link add v0 type veth peer name v1; ip link set v0 up; ip link set v1 up',
            'ip -6 addr add 2001:db8::2/64 dev v0 nodad',
            `ip addr add ${LIVE}/32 dev lo`,
          ],
          files: {
            hosts: `127.0.0.1 localhost\n${DEAD} web.example\n${LIVE} web.example\n`,
            'nsswitch.conf': 'hosts: files\n',
            'resolv.conf': '',
          },
          env: { FOLDER: folder, LIVE, PYTHON_REQUESTS: PYTHON_REQUESTS ?? '', PROGRAMS: names.join(',') },
        },
        process.execPath,
        join(__dirname, 'proxy-programs.mjs'),
      );
      if (ended.status !== 0) throw new Error(ended.stderr);
      ({ outcomes, connections, status } = JSON.parse(ended.stdout) as never);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }, 300_000);

  for (const [name, [program, stdout, isSmall]] of Object.entries(EXPECTED)) {
    const isMissing = !isThere(program);
    if (isMissing && isSmall && process.env.CI) throw new Error(`must not be skipped in CI: ${program} is not installed`);
    (isMissing ? it.skip : it)(
      `${name} fetches what it wants${isMissing ? ` (skipped: ${program} is not installed${isSmall ? '' : ', for it is large'})` : ''}`,
      () => {
        const { status, stdout: fetched, stderr, ms } = outcomes[name]!;
        expect({ status, fetched, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, fetched: stdout, stderr: '' });
        expect(ms).toBeLessThan(60_000);
      },
    );
  }

  it('and what they asked for is told in a line each, as the schema has it', () => {
    expect(status).toBe(0);
    const read = schema('proxy');
    for (const connection of connections) read(JSON.stringify(connection));
    // Lines come when connections end.
    const inOrder = [...connections].sort((a, b) => a.connection - b.connection);
    const web = inOrder.flatMap(({ requests }) => requests.filter(({ host }) => host === 'web.example'));
    expect(web.length).toBeGreaterThanOrEqual(2);
    // The first has gone by the dead address, and those after it know better.
    expect(web[0]).toMatchObject({ attempts: 2, winner: { address: LIVE, family: 4 } });
    expect(web.filter(({ attempts }) => attempts === 1).length).toBeGreaterThan(0);
  });
});
