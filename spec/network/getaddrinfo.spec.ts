import { describeInNamespace, runInNamespace } from '../support/namespace.js';

/** The program that runs in the namespace: a DNS server that loses one kind of question, and a race through getaddrinfo. */
const program = (lost: 'A' | 'AAAA') => `
  import dgram from 'node:dgram';
  import { decode, encode } from 'dns-packet';
  import { of } from 'rxjs';
  import { race$ } from './dist/index.mjs';

  const server = dgram.createSocket('udp4');
  server.on('message', (message, peer) => {
    const { id, questions: [question] } = decode(message);
    if (question.type === '${lost}') return;
    const data = question.type === 'A' ? '192.0.2.1' : '2001:db8::1';
    const answers = [{ name: question.name, type: question.type, ttl: 60, data }];
    server.send(encode({ type: 'response', id, flags: 0x80, questions: [question], answers }), peer.port, peer.address);
  });
  server.bind(53, '127.0.0.1', () => {
    const events = [];
    race$('name.example', 443, { transport: () => of('won') }).subscribe({
      next: (event) => events.push(event),
      complete: () => {
        console.log(JSON.stringify(events));
        server.close();
      },
    });
  });
`;

describeInNamespace('the system’s own look-ups', () => {
  const files = {
    'resolv.conf': 'nameserver 127.0.0.1\noptions timeout:1 attempts:1\n',
    'nsswitch.conf': 'hosts: files dns\n',
  };

  const race = async (lost: 'A' | 'AAAA') => {
    const node = [process.execPath, '--input-type=module', '-e', program(lost)];
    const { status, stdout, stderr } = await runInNamespace({ files }, ...node);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const events = JSON.parse(stdout) as { type: string; at: number; endpoint?: { address: string } }[];
    return {
      answered: events.find(({ type }) => type === 'answered')!,
      started: events.find(({ type }) => type === 'started')!,
    };
  };

  it('[R3] let IPv6 win at once when A is never answered', async () => {
    const { answered, started } = await race('A');
    expect(started).toMatchObject({ endpoint: { address: '2001:db8::1' } });
    expect(started.at - answered.at).toBeLessThan(500);
  });

  it('[R4] let IPv4 start 50 ms after A when AAAA is never answered', async () => {
    const { answered, started } = await race('AAAA');
    expect(started).toMatchObject({ endpoint: { address: '192.0.2.1' } });
    expect(started.at - answered.at).toBeGreaterThanOrEqual(50);
    expect(started.at - answered.at).toBeLessThan(1000);
  });
});
