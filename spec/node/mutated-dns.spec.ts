import { encode, type Answer, type Question } from 'dns-packet';
import { errorCode } from '../../src/core/error-tools.js';
import { serviceRecords } from '../../src/core/race/service-records.js';
import { Services } from '../../src/core/race/services.js';
import { answerOf } from '../../src/node/dns-answer.js';
import { RECORD_TYPES, replyTo } from '../../src/node/dns-message.js';
import { HTTPS, httpsRecord, records, startOfAuthority } from '../support/dns-server.js';
import { generator } from '../support/random.js';

/** `node scripts/mutated-dns.mjs` reads many more. */
const MESSAGES = Number(process.env.MESSAGES ?? 5000);

const NAME = 'www.example';
const ID = 4711;
const QUESTIONS: readonly Question[] = (['A', 'AAAA', 'HTTPS'] as const).map((type) => ({
  name: NAME,
  type: RECORD_TYPES[type] as Question['type'],
}));

/** Good answers to begin with: addresses, aliases, records with each parameter, other sections. */
const ANSWERS: readonly (readonly Answer[])[] = [
  records(NAME, 'A', ['192.0.2.1', '192.0.2.2']),
  [...records(NAME, 'CNAME', ['cdn.example']), ...records('cdn.example', 'AAAA', ['2001:db8::1'])],
  [
    httpsRecord(NAME, '0001 03 63646e 07 6578616d706c65 00 0000 0004 0001 0003 0001 0006 026832 026833 0003 0002 20fb'),
    httpsRecord(
      NAME,
      '0002 00 0001 0003 026832 0004 0004 c0000201 0005 0004 0000feed 0006 0010 20010db8000000000000000000000001',
    ),
  ],
  [httpsRecord(NAME, '0000 03 63646e 07 6578616d706c65 00')],
];

function messages(): Buffer[] {
  return QUESTIONS.flatMap((question) =>
    ANSWERS.map((answers) =>
      encode({
        type: 'response',
        id: ID,
        questions: [question],
        answers: [...answers],
        authorities: [startOfAuthority('example')],
        additionals: records('cdn.example', 'A', ['198.51.100.1']),
      }),
    ),
  );
}

/** Changes a few bytes behind the id: at random, or to what lengths and pointers are made of; and cuts, or doubles, some messages. */
function mutated(message: Buffer, random: () => number): Buffer {
  const below = (most: number) => Math.floor(random() * most);
  const changed = Buffer.from(message);
  for (let change = below(6); change >= 0; change--) {
    const special = [0, 1, 0x3f, 0x40, 0x7f, 0x80, 0xc0, 0xff];
    changed[2 + below(changed.length - 2)] = random() < 0.5 ? special[below(special.length)]! : below(256);
  }
  const how = random();
  if (how < 0.1) return changed.subarray(0, 2 + below(changed.length - 2));
  return how < 0.15 ? Buffer.concat([changed, changed.subarray(12)]) : changed;
}

/** All that is done with a message, from the datagram to the endpoints. @returns what became of it */
function read(question: Question, message: Buffer): string {
  try {
    const reply = replyTo(ID, question, message, 'udp');
    if (!reply) return 'ignored';
    const answer = answerOf(question, reply.records, reply.additional);
    if (!answer) return 'endless';
    if (question.type !== (HTTPS as Question['type'])) return 'read';
    const services = new Services({
      host: NAME,
      port: 443,
      family: 0,
      scheme: 'https',
      alpn: ['h2'],
      hints: 'untilAnswered',
      pacing: { preferredFamily: 6, resolutionDelay: 50 },
      random: () => 0,
      complain: () => undefined,
    });
    services.fold({ type: 'answered', at: 0, answer: { type: 'HTTPS', records: serviceRecords(answer.data as Uint8Array[]) } });
    services.questions();
    return services.isPositive ? 'with hints' : 'read';
  } catch (error) {
    if (errorCode(error as Error) === 'EBADRESP') return 'refused';
    throw error;
  }
}

/** More than any message may take, in ms of the processor. */
const SLOW = 1000;

function timed(question: Question, message: Buffer): { readonly outcome: string; readonly ms: number } {
  const began = process.cpuUsage();
  const outcome = read(question, message);
  return { outcome, ms: process.cpuUsage(began).user / 1000 };
}

describe('mutated DNS messages', () => {
  it('[V10] are read, ignored or refused: no crash, no hang, no growth', () => {
    const random = generator(9460);
    const good = messages();
    const outcomes = new Map<string, number>();
    let longest = 0;
    const before = process.memoryUsage().heapUsed;
    for (let turn = 0; turn < MESSAGES; turn++) {
      const question = QUESTIONS[turn % QUESTIONS.length]!;
      const message = mutated(good[Math.floor(random() * good.length)]!, random);
      const { outcome, ms } = timed(question, message);
      // A collection of garbage, which counts as well, does not come again with the same message.
      longest = Math.max(longest, ms < SLOW ? ms : Math.min(ms, timed(question, message).ms));
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    }
    // Each of them has been seen, or the messages are of no use.
    for (const outcome of ['read', 'ignored', 'refused', 'with hints']) expect(outcomes.get(outcome)).toBeGreaterThan(0);
    expect(longest).toBeLessThan(SLOW);
    expect((process.memoryUsage().heapUsed - before) / 1e6).toBeLessThan(200);
    if (process.env.MESSAGES) process.stderr.write(`${JSON.stringify([...outcomes])}, longest ${longest.toFixed(1)} ms\n`);
  });
});
