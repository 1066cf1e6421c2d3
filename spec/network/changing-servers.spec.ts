import { describeInNamespace, runInNamespace } from '../support/namespace.js';

/** The program that runs in the namespace: two DNS servers, and look-ups while the files of the system change. */
const program = `
  import dgram from 'node:dgram';
  import { setServers } from 'node:dns';
  import { once } from 'node:events';
  import { writeFileSync } from 'node:fs';
  import { decode, encode } from 'dns-packet';
  import { firstValueFrom, toArray } from 'rxjs';
  import { dnsResolver } from './dist/index.mjs';

  const serve = async (host, data) => {
    const server = dgram.createSocket('udp4');
    server.on('message', (message, peer) => {
      const { id, questions: [{ name, type }] } = decode(message);
      const answers = type === 'A' ? [{ name, type, ttl: 60, data }] : [];
      server.send(encode({ type: 'response', id, flags: 0x80, questions: [{ name, type }], answers }), peer.port, peer.address);
    });
    server.bind(53, host);
    await once(server, 'listening');
    return server;
  };

  const resolver = dnsResolver();
  const ask = async () => {
    const [{ addresses, error }] = await firstValueFrom(resolver('name.example', { family: 4 }).pipe(toArray()));
    return addresses[0] ?? error.code;
  };
  const seen = [await ask()];
  const servers = [await serve('127.0.0.2', '192.0.2.2'), await serve('127.0.0.3', '192.0.2.3'), await serve('127.0.0.4', '192.0.2.4')];
  writeFileSync('/etc/resolv.conf', 'nameserver 127.0.0.2\\n');
  seen.push(await ask());
  writeFileSync('/etc/resolv.conf', 'nameserver 127.0.0.9\\nnameserver 127.0.0.3\\n');
  seen.push(await ask());
  setServers(['127.0.0.4']);
  seen.push(await ask());
  writeFileSync('/etc/hosts', '192.0.2.5 name.example\\n');
  seen.push(await ask());
  console.log(JSON.stringify(seen));
  for (const server of servers) server.close();
`;

describeInNamespace('dnsResolver in a system whose files change', () => {
  it('asks the servers that resolv.conf names by then, those that the program sets, and the hosts file first', async () => {
    const node = [process.execPath, '--input-type=module', '-e', program];
    const { status, stdout, stderr } = await runInNamespace({ files: { 'resolv.conf': '', hosts: '' } }, ...node);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(JSON.parse(stdout)).toEqual(['ECONNREFUSED', '192.0.2.2', '192.0.2.3', '192.0.2.4', '192.0.2.5']);
  }, 20_000);
});
