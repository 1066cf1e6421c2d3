import { hostname } from 'node:os';
import { parseHosts } from '../../src/node/hosts-file.js';
import { parseHostSources } from '../../src/node/nsswitch.js';
import { parseResolvConf } from '../../src/node/resolv-conf.js';
import { familiesApart } from '../../src/node/system-names.js';

describe('familiesApart', () => {
  const ask = (host: string, { hosts = '', resolvConf = '', nsswitch = '', searchesMore = false } = {}) => {
    const table = parseHosts(hosts);
    return familiesApart(host, {
      hosts: (name) => table.get(name) ?? [],
      resolvConf: () => parseResolvConf(resolvConf, {}, 'machine'),
      sources: () => parseHostSources(nsswitch),
      searchesMore,
    });
  };
  const search = { resolvConf: 'search one.test two.test' };

  it('[R1] are asked for by themselves where only DNS can know the name', () => {
    expect(ask('www.example.com')).toEqual({ name: 'www.example.com', isSearched: false });
    expect(ask('www.example.com.', search)).toEqual({ name: 'www.example.com.', isSearched: false });
  });

  it('[R17] are asked for without search domains, and with them when there is no such name', () => {
    expect(ask('www.example.com', search)).toEqual({ name: 'www.example.com.', isSearched: true });
    expect(ask('www.example.com', { searchesMore: true })).toEqual({ name: 'www.example.com.', isSearched: true });
  });

  it.each([
    ['[R16] a name of the hosts file', 'db.example', { hosts: '10.9.0.1 DB.example' }],
    ['[R17] a single label', 'api', search],
    ['[R17] a single label where nothing is searched', 'api', {}],
    ['[R17] a name with fewer dots than ndots', 'api.one.test', { resolvConf: 'search a.test\noptions ndots:3' }],
    ['a number', '127.1', {}],
    ['a hexadecimal number', '0x7f.0x1', {}],
    ['a name of mDNS', 'printer.local', {}],
    ['this machine’s own name', hostname(), {}],
    ['any name where others than files and DNS are asked', 'www.example.com', { nsswitch: 'hosts: files ldap dns' }],
  ])('are asked for together for %s', (_, host, files) => {
    expect(ask(host, files)).toBeUndefined();
  });
});

describe('parseResolvConf', () => {
  const parse = (text: string, env: NodeJS.ProcessEnv = {}, ownName = 'machine') => parseResolvConf(text, env, ownName);

  it('[R13] has the servers in order', () => {
    expect(parse('nameserver 192.0.2.53\n#nameserver 192.0.2.54\nnameserver 2001:db8::53\nnameserver nonsense').servers).toEqual([
      '192.0.2.53',
      '2001:db8::53',
    ]);
  });

  it.each([
    ['the last line', 'search a.test\ndomain b.test', ['b.test']],
    ['several domains', 'search a.test. b.test', ['a.test', 'b.test']],
    ['none for the root alone', 'search .', []],
    ['none without a line', '', []],
  ])('[R17] takes the search list of %s', (_, text, expected) => {
    expect(parse(text).search).toEqual(expected);
  });

  it('[R17] takes the domain of this machine without a line, and the environment before all', () => {
    expect(parse('', {}, 'host.corp.example').search).toEqual(['corp.example']);
    expect(parse('search a.test', { LOCALDOMAIN: 'c.test d.test' }).search).toEqual(['c.test', 'd.test']);
    expect(parse('options ndots:2', { RES_OPTIONS: 'ndots:4' }).ndots).toBe(4);
    expect(parse('options ndots:99').ndots).toBe(15);
    expect(parse('').ndots).toBe(1);
  });
});

describe('parseHostSources', () => {
  it.each([
    ['hosts: files dns', ['files', 'dns']],
    ['passwd: files\nhosts:  files mdns4_minimal [NOTFOUND=return] dns # here', ['files', 'mdns4_minimal', 'dns']],
    ['#hosts: nis\n', ['files', 'dns']],
    ['', ['files', 'dns']],
  ])('reads %j', (text, expected) => {
    expect(parseHostSources(text)).toEqual(expected);
  });
});
