import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from '../support/dist.js';

describe('NODE_DEBUG=rx-happy-eyeballs', () => {
  const folder = mkdtempSync(join(tmpdir(), 'debug-'));
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  const run = (program: string, debug = 'rx-happy-eyeballs') =>
    runCommand('env', `NODE_DEBUG=${debug}`, process.execPath, '--input-type=module', '-e', program).ended;

  const rubbish = (path: string) => `
    import { of, firstValueFrom } from 'rxjs';
    import { createConnector, dnsResolver, race$ } from './dist/index.mjs';
    const transport = () => of('won');
    const malformed = () => of({ type: 'A', addresses: ['127.1', '192.0.2.1'], ttl: -1 });
    const fail = () => { throw new Error('the disk is full'); };
    const store = { get: fail, set: fail, clear: fail, entries: fail };
    const { connect } = createConnector({ resolver: malformed, transport, history: { store } });
    console.log(await connect('example.com', 443));
    await firstValueFrom(dnsResolver({ hostsFile: ${JSON.stringify(path)} })('good.example'));
  `;

  it('says what the races went on without: of answers, hosts files and stores', async () => {
    const hosts = join(folder, 'hosts');
    writeFileSync(hosts, '999.1.1.1 bad.example\n192.0.2.1 good.example\n');
    const { status, stdout, stderr } = await run(rubbish(hosts));
    expect({ status, stdout }).toEqual({ status: 0, stdout: 'won\n' });
    expect(stderr).toContain("'127.1' is left out of an A answer");
    expect(stderr).toContain('a time to live of -1 is left out of an A answer');
    expect(stderr).toContain('the history does without set: the disk is full');
    expect(stderr).toContain('a line of the hosts file is passed over: "999.1.1.1 bad.example"');
    await expect(run(rubbish(hosts), '')).resolves.toMatchObject({ status: 0, stderr: '' });
  });
});
