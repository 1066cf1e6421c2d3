import dgram from 'node:dgram';
import { once } from 'node:events';
import net from 'node:net';
import {
  decode,
  encode,
  streamDecode,
  TRUNCATED_RESPONSE,
  AUTHORITATIVE_ANSWER,
  type Answer,
  type Packet,
  type Question,
} from 'dns-packet';

/** How a DNS server answers a question: with records, with an error, cut short so that it is asked over TCP, or not at all. */
export interface Reply {
  readonly records?: readonly Answer[];
  /** Records of the additional section. */
  readonly additionals?: readonly Answer[];
  /** Records of the authority section. */
  readonly authorities?: readonly Answer[];
  readonly rcode?: keyof typeof RCODES;
  /** ms */
  readonly after?: number;
  readonly truncated?: boolean;
  readonly silent?: boolean;
  /** Makes of the answer what is sent instead: several messages, or none. */
  readonly garble?: (message: Buffer, protocol: 'udp' | 'tcp') => readonly Buffer[];
}

export interface DnsServer {
  /** As in the `servers` option. */
  readonly address: string;
  /** `name type protocol` of each question, in order. */
  readonly questions: readonly string[];
  close(): Promise<void>;
}

const RCODES = { FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5 };

/** Runs a DNS server on a loopback address, over UDP and TCP. */
export async function dnsServer(reply: (question: Question, query: Packet) => Reply, host = '127.0.0.1'): Promise<DnsServer> {
  const questions: string[] = [];
  const timers = new Set<NodeJS.Timeout>();
  const answer = (query: Packet, protocol: 'udp' | 'tcp', send: (message: Buffer) => void) => {
    const [question] = query.questions as [Question];
    questions.push(`${question.name} ${question.type} ${protocol}`);
    const { records = [], additionals = [], authorities = [], rcode, after = 0, ...how } = reply(question, query);
    const { truncated = false, silent = false, garble } = how;
    if (silent) return;
    const cut = truncated && protocol === 'udp';
    const packet: Packet = {
      type: 'response',
      id: query.id,
      flags: AUTHORITATIVE_ANSWER | (cut ? TRUNCATED_RESPONSE : 0) | (rcode ? RCODES[rcode] : 0),
      questions: [question],
      answers: cut ? [] : [...records],
      authorities: cut ? [] : [...authorities],
      additionals: cut ? [] : [...additionals],
    };
    const timer = setTimeout(() => {
      timers.delete(timer);
      const message = encode(packet);
      for (const one of garble?.(message, protocol) ?? [message]) send(one);
    }, after);
    timers.add(timer);
  };

  const tcp = net.createServer((socket) => {
    socket.on('error', () => socket.destroy());
    let received = Buffer.alloc(0);
    socket.on('data', (data: Buffer) => {
      received = Buffer.concat([received, data]);
      while (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)) {
        const length = 2 + received.readUInt16BE(0);
        answer(streamDecode(received.subarray(0, length)), 'tcp', (message) => socket.write(framed(message)));
        received = received.subarray(length);
      }
    });
  });
  tcp.listen(0, host);
  await once(tcp, 'listening');
  const { port } = tcp.address() as net.AddressInfo;

  const udp = dgram.createSocket(host.includes(':') ? 'udp6' : 'udp4');
  udp.on('message', (message, peer) => {
    answer(decode(message), 'udp', (sent) => {
      udp.send(sent, peer.port, peer.address);
    });
  });
  udp.bind(port, host);
  await once(udp, 'listening');

  return {
    address: host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`,
    questions,
    async close() {
      for (const timer of timers) clearTimeout(timer);
      udp.close();
      tcp.close();
      await Promise.all([once(udp, 'close'), once(tcp, 'close')]);
    },
  };
}

export const records = (name: string, type: 'A' | 'AAAA' | 'CNAME' | 'PTR', all: readonly string[], ttl = 60): Answer[] =>
  all.map((data) => ({ name, type, ttl, data }));

/** The start of authority that comes with an answer that there is nothing. */
export const startOfAuthority = (name: string): Answer => {
  const data = { mname: 'ns.example', rname: 'host.example', serial: 1, refresh: 2, retry: 3, expire: 4, minimum: 5 };
  return { name, type: 'SOA', ttl: 60, data };
};

/** An HTTPS record: what it holds, in hexadecimal. */
export const httpsRecord = (name: string, data: string, ttl = 60): Answer =>
  ({ name, type: HTTPS, ttl, data: Buffer.from(data.replaceAll(' ', ''), 'hex') }) as unknown as Answer;

/** Its type, as questions have it here. */
export const HTTPS = 'UNKNOWN_65';

/** With its length before it, as over TCP. */
function framed(message: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(message.length);
  return Buffer.concat([length, message]);
}
