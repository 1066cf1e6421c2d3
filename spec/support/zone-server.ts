import dgram from 'node:dgram';
import { once } from 'node:events';
import { decode, encode, type Answer, type Question } from 'dns-packet';

/** What a DNS server has for a name: addresses, where it leads to, or how it fails. Names that are not in it do not exist. */
export interface ZoneEntry {
  readonly A?: readonly string[];
  readonly AAAA?: readonly string[];
  readonly alias?: string;
  readonly fails?: 'SERVFAIL' | 'REFUSED';
  /** Types that are never answered. */
  readonly lost?: readonly string[];
  /** ms */
  readonly after?: number;
}

export type Zone = Readonly<Record<string, ZoneEntry>>;

const RCODES = { SERVFAIL: 2, NXDOMAIN: 3, REFUSED: 5 };

/** A DNS server on port 53 of an address, for a namespace; its zone can be replaced at any time. */
export interface ZoneServer {
  zone: Zone;
  /** `name type` of each question. */
  readonly questions: string[];
  close(): void;
}

export async function zoneServer(address = '127.0.0.1'): Promise<ZoneServer> {
  const questions: string[] = [];
  const server: ZoneServer = { zone: {}, questions, close: () => socket.close() };
  const socket = dgram.createSocket('udp4').on('message', (message, peer) => {
    const { id, questions: asked = [] } = decode(message);
    const [question] = asked as [Question];
    questions.push(`${question.name} ${question.type}`);
    const entry = entryOf(server.zone, question.name);
    if (entry?.lost?.includes(question.type)) return;
    const rcode = entry ? (entry.fails ? RCODES[entry.fails] : 0) : RCODES.NXDOMAIN;
    const reply = encode({
      type: 'response',
      id,
      flags: 0x8180 | rcode,
      questions: [question],
      answers: entry && !entry.fails ? [...answersFor(server.zone, question)] : [],
    });
    setTimeout(() => socket.send(reply, peer.port, peer.address), entry?.after ?? 0);
  });
  socket.bind(53, address);
  await once(socket, 'listening');
  return server;
}

function entryOf(zone: Zone, name: string): ZoneEntry | undefined {
  return zone[name.toLowerCase()];
}

/** Aliases within the zone are followed, as resolvers do. */
function* answersFor(zone: Zone, { name, type }: Question): Generator<Answer> {
  let owner = name;
  for (let steps = 0; steps < 8; steps++) {
    const entry = entryOf(zone, owner);
    if (entry?.alias === undefined) break;
    yield { name: owner, type: 'CNAME', ttl: 60, data: entry.alias };
    owner = entry.alias;
  }
  const data = type === 'A' || type === 'AAAA' ? (entryOf(zone, owner)?.[type] ?? []) : [];
  for (const one of data) yield { name: owner, type: type as 'A', ttl: 60, data: one };
}
