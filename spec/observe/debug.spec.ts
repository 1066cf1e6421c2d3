import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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
    expect(stderr).toContain('the history goes on without set: the disk is full');
    expect(stderr).toContain('a line of the hosts file is ignored: "999.1.1.1 bad.example"');
    await expect(run(rubbish(hosts), '')).resolves.toMatchObject({ status: 0, stderr: '' });
  });

  it('says which sockets are not raced for though they go to a host name', async () => {
    const program = `
      import net from 'node:net';
      import './dist/register.mjs';
      const lookup = (_host, { all }, found) => (all ? found(null, [{ address: '127.0.0.1', family: 4 }]) : found(null, '127.0.0.1', 4));
      const attempt = (options) => net.connect({ host: 'raced.example', port: 9, lookup, ...options }).on('error', () => undefined);
      attempt({ family: 4 });
      attempt({ localAddress: '127.0.0.1' });
      attempt({ localPort: 54321 });
      attempt({ autoSelectFamily: false });
      net.setDefaultAutoSelectFamily(false); // as --no-network-family-autoselection does
      attempt({});`;
    const { stderr } = await run(program);
    const off = 'raced.example:9 is not raced for: `autoSelectFamily` is off';
    const said = stderr.split('\n').flatMap((line) => /raced\.example.*/.exec(line)?.[0] ?? []);
    const bound = 'raced.example:9 is not raced for: its local end is given';
    expect(said).toEqual(['raced.example:9 is not raced for: it has a `family`', bound, bound, off, off]);
  });

  const races = `
    import { concat, delay, mergeMap, NEVER, of, tap, throwError, VirtualTimeScheduler } from 'rxjs';
    import { connect$ } from './dist/index.mjs';
    const scheduler = new VirtualTimeScheduler();
    const after = (ms, value) => of(value).pipe(delay(ms, scheduler));
    const coded = (code) => Object.assign(new Error(code), { code });
    const fates = {
      '2001:db8::1': (progressed) => after(20, 'tls').pipe(tap(progressed), mergeMap(() => NEVER)),
      '192.0.2.1': () => after(30, 0).pipe(mergeMap(() => throwError(() => coded('ECONNREFUSED')))),
      '192.0.2.2': () => after(40, 'won'),
    };
    const found = () => concat(
      after(18, { type: 'AAAA', addresses: ['2001:db8::1'] }),
      after(7, { type: 'A', addresses: ['192.0.2.1', '192.0.2.2'] }),
    );
    const notFound = () => concat(of({ type: 'AAAA', addresses: [] }), throwError(() => coded('ESERVFAIL')));
    const options = { transport: ({ address }, progressed) => fates[address](progressed), scheduler };
    connect$('example.com', 443, { ...options, resolver: found }).subscribe();
    connect$('nowhere.example', 80, { ...options, resolver: notFound }).subscribe({ error: () => {} });
    const unsubscribed = connect$('2001:db8::1', 80, options).subscribe();
    scheduler.schedule(() => unsubscribed.unsubscribe(), 70);
    scheduler.flush();
  `;

  it('tells of races, each line with the race’s number, where it goes, and the time since its start', async () => {
    const { status, stderr } = await run(races);
    expect(status).toBe(0);
    const lines = stderr.trimEnd().split('\n');
    expect(lines.filter((line) => !/^RX-HAPPY-EYEBALLS \d+: #/.test(line))).toEqual([]);
    const ofRace = (start: string) => lines.map((line) => line.replace(/^.*?: #/, '#')).filter((line) => line.startsWith(start));
    expect(ofRace('#1 ')).toEqual(
      [
        '+0 ms: started',
        '+18 ms: AAAA: 2001:db8::1',
        '+18 ms: [2001:db8::1]:443 scheduled, 1 of 1',
        '+18 ms: [2001:db8::1]:443 started',
        '+25 ms: A: 192.0.2.1, 192.0.2.2',
        '+25 ms: 192.0.2.1:443 scheduled, 1 of 2',
        '+25 ms: 192.0.2.2:443 scheduled, 2 of 2',
        '+25 ms: the look-up is over',
        '+38 ms: [2001:db8::1]:443 progressed to tls after 20 ms',
        '+268 ms: 192.0.2.1:443 started',
        '+298 ms: 192.0.2.1:443 failed after 30 ms: ECONNREFUSED',
        '+298 ms: 192.0.2.2:443 started',
        '+338 ms: [2001:db8::1]:443 cancelled after 320 ms',
        '+338 ms: 192.0.2.2:443 connected after 40 ms',
      ].map((line) => `#1 example.com:443 ${line}`),
    );
    expect(ofRace('#2 ')).toEqual(
      [
        '+0 ms: started',
        '+0 ms: AAAA: no addresses',
        '+0 ms: the look-up is over: ESERVFAIL',
        '+0 ms: failed: Could not connect to nowhere.example:80: no addresses to try; resolver ESERVFAIL',
      ].map((line) => `#2 nowhere.example:80 ${line}`),
    );
    expect(ofRace('#3 ')).toEqual(
      [
        '+0 ms: started',
        '+0 ms: AAAA: 2001:db8::1',
        '+0 ms: [2001:db8::1]:80 scheduled, 1 of 1',
        '+0 ms: the look-up is over',
        '+0 ms: [2001:db8::1]:80 started',
        '+20 ms: [2001:db8::1]:80 progressed to tls after 20 ms',
        '+70 ms: [2001:db8::1]:80 cancelled after 70 ms',
        '+70 ms: cancelled',
      ].map((line) => `#3 [2001:db8::1]:80 ${line}`),
    );
    expect(lines).toHaveLength(14 + 4 + 8);
    await expect(run(races, '')).resolves.toEqual({ status: 0, stdout: '', stderr: '' });
  });

  it('says who gave way, and what was not tried because connectTimeout left no time for it', async () => {
    const { stderr } = await run(`
      import { NEVER, of, VirtualTimeScheduler } from 'rxjs';
      import { connect$ } from './dist/index.mjs';
      const scheduler = new VirtualTimeScheduler();
      const resolver = () => of(
        { type: 'AAAA', addresses: ['2001:db8::1', '2001:db8::2'] },
        { type: 'A', addresses: ['192.0.2.1'] },
      );
      const race = (options) =>
        connect$('example.com', 443, { resolver, transport: () => NEVER, scheduler, ...options }).subscribe({ error: () => {} });
      race({ connectTimeout: 250 });
      race({ connectTimeout: 300, maxConcurrentAttempts: 1 });
      race({ connectTimeout: 240, familyStaggerDelay: 250, attemptSpacingDelay: 125 });
      race({ connectTimeout: 2000, maxConcurrentAttempts: 1, enabled: false });
      race({ connectTimeout: 3999, maxConcurrentAttempts: 1 });
      scheduler.flush();
    `);
    const said = stderr.split('\n').map((line) => line.replace(/^.*?: #/, '#'));
    expect(said.filter((line) => /not tried|gave way after/.test(line) && !line.includes('failed:')).sort()).toEqual([
      '#1 example.com:443 +250 ms: not tried: 192.0.2.1:443 and 1 more: the next was due after 250 ms, and connectTimeout is 250 ms',
      '#2 example.com:443 +300 ms: not tried: 192.0.2.1:443 and 1 more: the next was due after 2000 ms, and connectTimeout is 300 ms',
      '#3 example.com:443 +240 ms: not tried: 192.0.2.1:443: the next was due after 250 ms, and connectTimeout is 240 ms',
      '#5 example.com:443 +2000 ms: [2001:db8::1]:443 gave way after 2000 ms',
      '#5 example.com:443 +3999 ms: not tried: [2001:db8::2]:443: the next was due after 4000 ms, and connectTimeout is 3999 ms',
    ]);
  });

  it('is in the documentation as it is', async () => {
    const documented = /```text\n(RX-HAPPY-EYEBALLS.*?)```/s.exec(readFileSync('docs/observing.md', 'utf8'))![1]!;
    const { stderr } = await run(`
      import { concat, delay, NEVER, of, VirtualTimeScheduler } from 'rxjs';
      import { connect$ } from './dist/index.mjs';
      const scheduler = new VirtualTimeScheduler();
      const after = (ms, value) => of(value).pipe(delay(ms, scheduler));
      const resolver = () =>
        concat(after(18, { type: 'AAAA', addresses: ['2001:db8::1'] }), after(7, { type: 'A', addresses: ['192.0.2.1'] }));
      const transport = ({ family }) => (family === 6 ? NEVER : after(32, 'won'));
      connect$('example.com', 443, { resolver, transport, scheduler }).subscribe();
      scheduler.flush();
    `);
    expect(stderr.replace(/ \d+: #/g, ' 4242: #')).toBe(documented);
  });
});
