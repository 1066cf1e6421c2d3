import { encode, type Packet } from 'dns-packet';
import { healthy } from '../../src/cli/lab.js';
import { dnsServer, HTTPS, httpsRecord, records, type Reply } from '../support/dns-server.js';
import { runNode } from '../support/dist.js';
import { open } from '../support/fixtures.js';
import { schema } from '../support/schema.js';

const valid = schema('connect');

/** Runs the installed program to its end. */
const connect = (...args: readonly (string | number)[]) => runNode('dist/cli.mjs', 'connect', ...args.map(String)).ended;

/** The RDATA of an HTTPS record, in hexadecimal: priority, target and parameters, the latter as they are. */
function rdata(priority: number, target: string, ...parameters: string[]): string {
  const packet = { type: 'query', questions: [{ name: target, type: 'A' }] } as Packet;
  const name = encode(packet).subarray(12, -4).toString('hex');
  return `${hex(priority)} ${name} ${parameters.join(' ')}`;
}

const hex = (number: number) => number.toString(16).padStart(4, '0');

const MANDATORY_PORT = '0000 0002 0003';
const ALPN_H2 = '0001 0003 02 6832';
const NO_DEFAULT_ALPN = '0002 0000';
const port = (number: number) => `0003 0002 ${hex(number)}`;
const IPV4_HINT = '0004 0004 7f000001';
const ECH = '0005 0002 fe0d';
const IPV6_HINT = `0006 0010 ${'0'.repeat(31)}1`;

/** A DNS server that knows `svc.test`, with the IPv4 loopback address, and what else it is given, as `name type`. */
const knowing = (replies: Readonly<Record<string, Reply>>) =>
  open(
    dnsServer(({ name, type }) => {
      if (name === 'svc.test' && type === 'A') return { records: records(name, type, ['127.0.0.1']) };
      return replies[`${name} ${type}`] ?? {};
    }).then((server) => ({ ...server, port: 0 })),
  );

interface Event {
  readonly type: string;
  readonly answer: { readonly type: string };
}

const eventsOf = (json: unknown) => (json as { races: [{ events: Event[] }] }).races[0].events;

/** The answers for HTTPS. */
const answersOf = (json: unknown) =>
  eventsOf(json).flatMap(({ type, answer }) => (type === 'answered' && answer.type === 'HTTPS' ? [answer] : []));

describe('rx-happy-eyeballs connect --json --service-records', () => {
  it('prints records, and the service of each endpoint, as the schema has them', async () => {
    const server = await open(healthy('127.0.0.1'));
    const name = '_8443._https.origin.test';
    const all = [MANDATORY_PORT, ALPN_H2, port(server.port), IPV4_HINT, ECH, IPV6_HINT];
    const { address } = await knowing({
      [`${name} ${HTTPS}`]: {
        records: [
          httpsRecord(name, rdata(2, 'spare.test', ALPN_H2, NO_DEFAULT_ALPN)),
          httpsRecord(name, rdata(1, 'svc.test', ...all)),
        ],
      },
    });
    const flags = ['--service-records', '--dns-server', address, '--json'];
    const { status, stdout, stderr } = await connect('origin.test', 8443, ...flags);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const json = valid(stdout);
    expect(answersOf(json)).toEqual([
      {
        type: 'HTTPS',
        name,
        ttl: 60,
        records: [
          {
            priority: 1,
            target: 'svc.test',
            mandatory: ['port'],
            alpn: ['h2'],
            port: server.port,
            ipv4hint: ['127.0.0.1'],
            ipv6hint: ['::1'],
            ech: true,
          },
          { priority: 2, target: 'spare.test', alpn: ['h2'], noDefaultAlpn: true, ech: false },
        ],
      },
    ]);
    const service = { target: 'svc.test', alpn: ['http/1.1'], priority: 1 };
    expect(json).toMatchObject({
      host: 'origin.test',
      port: 8443,
      races: [{ outcome: 'connected', winner: { endpoint: { address: '127.0.0.1', family: 4, port: server.port, service } } }],
    });
  });

  it('prints aliases, and answers for the names to which they lead', async () => {
    const { port: at } = await open(healthy('127.0.0.1'));
    const name = `_${at}._https.origin.test`;
    const { address } = await knowing({ [`${name} ${HTTPS}`]: { records: [httpsRecord(name, rdata(0, 'svc.test'))] } });
    const { status, stdout } = await connect('origin.test', at, '--service-records', '--dns-server', address, '--json');
    expect(status).toBe(0);
    const json = valid(stdout);
    expect(answersOf(json)).toMatchObject([
      { name, records: [{ priority: 0, target: 'svc.test', ech: false }] },
      { name: 'svc.test', records: [], error: { code: 'ENODATA' } },
    ]);
    const endpoint = { address: '127.0.0.1', port: at, service: { target: 'svc.test', alpn: [] } };
    expect(json).toMatchObject({ races: [{ winner: { endpoint } }] });
  });

  it('prints a malformed answer as an error, and goes on without it', async () => {
    const { port: at } = await open(healthy('127.0.0.1'));
    const name = `_${at}._https.svc.test`;
    const { address } = await knowing({ [`${name} ${HTTPS}`]: { records: [httpsRecord(name, '0001 00 0001 0000')] } });
    const { status, stdout } = await connect('svc.test', at, '--service-records', '--dns-server', address, '--json');
    expect(status).toBe(0);
    const json = valid(stdout);
    expect(answersOf(json)).toMatchObject([{ name, records: [], error: { code: 'EBADRESP' } }]);
    expect(json).toMatchObject({ races: [{ outcome: 'connected', winner: { endpoint: { address: '127.0.0.1', port: at } } }] });
  });

  it('prints a race that was lost, with the service of each attempt', async () => {
    const name = '_9._https.origin.test';
    const { address } = await knowing({
      [`${name} ${HTTPS}`]: { records: [httpsRecord(name, rdata(1, 'svc.test', port(8)))] },
    });
    const flags = ['--service-records', '--service-hints', 'last-resort', '--dns-server', address, '--json'];
    const { status, stdout } = await connect('origin.test', 9, ...flags);
    expect(status).toBe(1);
    const json = valid(stdout);
    expect(json).toMatchObject({ races: [{ outcome: 'failed', error: { reason: 'attempts' } }] });
    expect(eventsOf(json).filter(({ type }) => type === 'failed')).toMatchObject([
      {
        endpoint: { address: '127.0.0.1', port: 8, service: { target: 'svc.test', alpn: ['http/1.1'], priority: 1 } },
        error: { code: 'ECONNREFUSED' },
      },
    ]);
  });

  it('prints no records without the flag', async () => {
    const { port: at } = await open(healthy('127.0.0.1'));
    const { address, questions } = await knowing({});
    const { stdout } = await connect('svc.test', at, '--dns-server', address, '--json');
    expect(answersOf(valid(stdout))).toEqual([]);
    expect(questions.filter((question) => question.includes(HTTPS))).toEqual([]);
  });
});
