import { createServer } from 'node:http';
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { promisify } from 'node:util';
import { ANSWER_KINDS, FATE_KINDS, stateWith, type PlaceState, type State } from '../../playground/src/state.js';
import type { Simulation } from '../../playground/src/simulate.js';
import { generator } from './random.js';

const root = join(__dirname, '..', '..');

const SIX = ['2001:db8::1', '2001:db8::2', '2001:db8::3', '2001:db8::4'];
const FOUR = ['192.0.2.1', '192.0.2.2', '192.0.2.3', '192.0.2.4'];

/** A state that a seed stands for. */
export function randomState(seed: number): State {
  const random = generator(seed);
  const among = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  const ms = (most: number) => Math.floor(random() * most);
  const place = (): PlaceState => ({ kind: among(FATE_KINDS), after: ms(700), bytes: among([0, 1500, 10_000]) });
  const addresses = [...SIX.slice(0, ms(5)), ...FOUR.slice(0, ms(5))];
  // Most answers have addresses: without them there is nothing to see.
  const answer = () => ({ after: ms(200), ...(random() < 0.3 && { kind: among(ANSWER_KINDS) }) });
  return stateWith(Object.fromEntries(addresses.map((address) => [address, place()])), {
    aaaa: answer(),
    a: answer(),
    https:
      random() < 0.3
        ? {
            kind: among(['record', 'nodata', 'never'] as const),
            after: ms(150),
            target: among(['.', 'svc.example.net']),
            hints: random() < 0.5,
          }
        : {},
    tls: random() < 0.5,
    nat64: random() < 0.2,
    options: {
      connectionAttemptDelay: among([10, 50, 250]),
      connectionAttemptDelayMultiplier: among([1, 1, 2]),
      resolutionDelay: among([0, 50, 120]),
      firstAddressFamilyCount: among([1, 1, 2]),
      maxConcurrentAttempts: among([1, 2, 8]),
      connectTimeout: among([800, 3000]),
      preferFamily: among([0, 0, 4, 6] as const),
      interleave: random() < 0.8,
      enabled: random() < 0.9,
    },
  });
}

/** What came of a state, as text that is the same in a browser: errors by code and message, without what a socket is. */
export function told({ events, error, finish, marbles }: Simulation): string {
  return JSON.stringify({ events, error, finish, marbles }, (name, value: unknown) => {
    if (name === 'value') return undefined;
    if (!(value instanceof Error)) return value;
    const { message, code } = value as NodeJS.ErrnoException;
    return { code, message };
  });
}

/** A static page that was built, as a server on loopback hands it out. */
export interface Served {
  readonly url: string;
  readonly files: readonly string[];
  readonly file: (name: string) => Buffer;
  readonly close: () => Promise<void>;
}

const TYPES: Readonly<Record<string, string>> = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css' };

/** Builds the playground and serves it. */
export async function servedPlayground(): Promise<Served> {
  const folder = mkdtempSync(join(tmpdir(), 'playground-'));
  await promisify(execFile)(process.execPath, [join(root, 'scripts', 'playground.mjs'), folder], { cwd: root });
  const file = (name: string) => readFileSync(join(folder, name));
  const server = createServer(({ url = '/' }, response) => {
    const name = url === '/' ? 'index.html' : url.slice(1);
    try {
      response.setHeader('content-type', TYPES[extname(name)] ?? 'text/plain');
      response.end(file(name));
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    files: readdirSync(folder),
    file,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      rmSync(folder, { recursive: true });
    },
  };
}
