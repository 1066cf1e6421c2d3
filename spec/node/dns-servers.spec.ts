import { getServers, Resolver, setServers } from 'node:dns';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lastValueFrom } from 'rxjs';
import { dnsClient, queryRecords } from '../../src/node/dns-query.js';
import { serverEndpoints, watchServers } from '../../src/node/dns-servers.js';
import { dnsServer, records } from '../support/dns-server.js';

describe('the servers of the system', () => {
  const folder = mkdtempSync(join(tmpdir(), 'servers-'));
  const path = join(folder, 'resolv.conf');
  const writeConf = (...servers: readonly string[]) => {
    writeFileSync(path, servers.map((server) => `nameserver ${server}\n`).join(''));
  };
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  it('are those of resolv.conf as it is now', () => {
    writeConf('192.0.2.53', '2001:db8::53');
    const servers = watchServers(path);
    expect(servers()).toEqual(['192.0.2.53', '2001:db8::53']);
    writeConf('198.51.100.53');
    expect(servers()).toEqual(['198.51.100.53']);
    writeFileSync(join(folder, 'next'), 'nameserver fe80::53%eth0\nnameserver not-an-address\n');
    renameSync(join(folder, 'next'), path);
    expect(servers()).toEqual(['fe80::53%eth0']);
  });

  it('are this machine where resolv.conf names none, until it does', () => {
    writeFileSync(path, '# written once the network is there\n');
    const servers = watchServers(path);
    expect(servers()).toEqual(['127.0.0.1']);
    writeConf('192.0.2.53');
    expect(servers()).toEqual(['192.0.2.53']);
  });

  it('are those that Node finds where there is no resolv.conf', () => {
    rmSync(path, { force: true });
    const servers = watchServers(path);
    expect(servers()).toEqual(new Resolver().getServers());
    writeConf('192.0.2.53');
    expect(servers()).toEqual(['192.0.2.53']);
  });

  it('are those that the program has set, whatever resolv.conf says', () => {
    writeConf('192.0.2.53');
    const servers = watchServers(path);
    const before = getServers();
    setServers(['203.0.113.53:5353']);
    try {
      expect(servers()).toEqual(['203.0.113.53:5353']);
    } finally {
      setServers(before);
    }
    expect(servers()).toEqual(['192.0.2.53']);
  });

  it('are those that the program has set before it loads this package, too', () => {
    writeConf('192.0.2.53');
    const before = getServers();
    setServers(['203.0.113.53']);
    try {
      jest.isolateModules(() => {
        const isolated = jest.requireActual<{ watchServers: typeof watchServers }>('../../src/node/dns-servers.js');
        expect(isolated.watchServers(path)()).toEqual(['203.0.113.53']);
      });
    } finally {
      setServers(before);
    }
  });

  it('are asked for at each question, so that a query follows them', async () => {
    const [one, two] = await Promise.all(
      [1, 2].map((n) => dnsServer(({ name }) => ({ records: records(name, 'A', [`192.0.2.${n}`]) }))),
    );
    let now = [one!.address];
    const query$ = queryRecords(
      'example.com',
      'A',
      dnsClient({}, () => now),
    );
    await expect(lastValueFrom(query$)).resolves.toMatchObject({ data: ['192.0.2.1'] });
    now = [two!.address];
    await expect(lastValueFrom(query$)).resolves.toMatchObject({ data: ['192.0.2.2'] });
    now = [];
    await expect(lastValueFrom(query$)).rejects.toMatchObject({ code: 'ECONNREFUSED', message: 'there is no DNS server to ask' });
    await Promise.all([one!.close(), two!.close()]);
  });

  it('[R13] are asked with IPv6 first, in their order otherwise', () => {
    const endpoints = serverEndpoints(['192.0.2.2', '[2001:db8::2]:5353', '192.0.2.1:54', 'fe80::1%eth0']);
    expect(endpoints).toEqual([
      { address: '2001:db8::2', family: 6, port: 5353 },
      { address: 'fe80::1%eth0', family: 6, port: 53 },
      { address: '192.0.2.2', family: 4, port: 53 },
      { address: '192.0.2.1', family: 4, port: 54 },
    ]);
  });
});
