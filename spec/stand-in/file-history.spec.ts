import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { blackhole } from '../../src/cli/lab.js';
import { register } from '../../src/stand-in/registration.js';
import { listen, open } from '../support/fixtures.js';
import { HOST, runProgram } from '../support/program.js';

const dist = (file: string) => pathToFileURL(join(__dirname, '..', '..', 'dist', file)).href;

describe('RX_HAPPY_EYEBALLS with a history in a file', () => {
  let folder: string;
  beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'history-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  /** The addresses that one run of a program tries. */
  const tried = async (port: number, options: object) => {
    const program = `
      import { subscribe } from 'node:diagnostics_channel';
      import { get } from 'node:http';
      await import('${dist('register.mjs')}');
      const tried = [];
      subscribe('tracing:rx-happy-eyeballs:attempt:start', ({ endpoint }) => tried.push(endpoint.address));
      get('http://${HOST}:${port}/', (response) => response.resume().on('end', () => console.log(tried.join())));`;
    const { status, stdout, stderr } = await runProgram('history.mjs', program, [], {
      XDG_CACHE_HOME: folder,
      RX_HAPPY_EYEBALLS: JSON.stringify(options),
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    return stdout.trim().split(',');
  };

  it('[S7] a program that starts again does not pay for a dead path again', async () => {
    const { port } = await open(listen(http.createServer((_request, response) => response.end('ok'))));
    await open(blackhole('::1', port));
    // Never one of the few races that take no notice.
    const history = { file: true, ignoreOneIn: 'Infinity' };
    expect(await tried(port, { history })).toEqual(['::1', '127.0.0.1']);
    expect(await tried(port, { history })).toEqual(['127.0.0.1']);
    expect(await tried(port, {})).toEqual(['::1', '127.0.0.1']);
    const { paths } = JSON.parse(readFileSync(join(folder, 'rx-happy-eyeballs', 'history-1.json'), 'utf8')) as { paths: object };
    expect(Object.keys(paths).filter((key) => key.endsWith(' ::1'))).toHaveLength(1);
  }, 30_000);

  it('refuses one that makes no sense', () => {
    for (const history of [{ file: 5 }, { file: '' }, { other: 1 }, { store: {} }] as never[])
      expect(() => register({ history })).toThrow(expect.objectContaining({ code: expect.stringMatching(/^ERR_INVALID_ARG/) }));
  });
});
