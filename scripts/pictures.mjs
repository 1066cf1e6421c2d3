// Draws the pictures of README.md and docs/pictures anew, from races in virtual time: `npm run pictures`, after a build.
// With --check it writes nothing, names what is not as it would be drawn, and exits with 1. Works on the folder it is run in.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Observable, VirtualTimeScheduler } from 'rxjs';
import { marbleDiagram, race$, timeline, waterfall } from '../dist/index.mjs';

/**
 * The events of a race.
 *
 * @param answers [ms, type, addresses] of each query
 * @param fates by address: ms until TCP is up (`tcp`), the handshake is finished (`tls`) or it fails (`fails`, with `code`)
 */
function eventsOf(answers, fates, options = {}) {
  const scheduler = new VirtualTimeScheduler();
  const resolver = () =>
    new Observable((subscriber) => {
      for (const [after, type, addresses] of answers)
        subscriber.add(scheduler.schedule(() => subscriber.next({ type, addresses }), after));
      subscriber.add(scheduler.schedule(() => subscriber.complete(), Math.max(...answers.map(([after]) => after))));
    });
  const transport = ({ address }, progressed) =>
    new Observable((subscriber) => {
      const { tcp, tls, fails, code } = fates[address] ?? {};
      const secure = 'tls' in (fates[address] ?? {});
      const won = () => {
        subscriber.next(address);
        subscriber.complete();
      };
      if (tcp !== undefined) subscriber.add(scheduler.schedule(() => (secure ? progressed('tls') : won()), tcp));
      if (tls < Infinity) subscriber.add(scheduler.schedule(won, tls));
      if (fails !== undefined)
        subscriber.add(scheduler.schedule(() => subscriber.error(Object.assign(new Error(code), { code })), fails));
    });
  const events = [];
  race$('example.com', 443, { resolver, transport, scheduler, ...options }).subscribe({
    next: (event) => events.push(event),
    error: () => undefined, // of a race that is lost, there are its events
  });
  scheduler.flush();
  return events;
}

const SLOW_LINK = eventsOf(
  [
    [18, 'AAAA', ['2001:db8::1']],
    [25, 'A', ['192.0.2.1']],
  ],
  { '2001:db8::1': { tcp: 600 } },
);

const DEAD_IPV6 = eventsOf(
  [
    [31, 'AAAA', ['2001:db8::1', '2001:db8::2']],
    [24, 'A', ['192.0.2.1', '192.0.2.2']],
  ],
  { '192.0.2.1': { fails: 38, code: 'ECONNREFUSED' }, '192.0.2.2': { tcp: 41 } },
);

const TLS_STALL = eventsOf(
  [
    [14, 'AAAA', ['2001:db8::1']],
    [19, 'A', ['192.0.2.1']],
  ],
  { '2001:db8::1': { tcp: 60, tls: Infinity }, '192.0.2.1': { tcp: 35, tls: 110 } },
);

const ALL_DEAD = eventsOf(
  [
    [22, 'AAAA', ['2001:db8::1', '2001:db8::2']],
    [29, 'A', ['192.0.2.1']],
  ],
  {
    '2001:db8::1': { fails: 3, code: 'ENETUNREACH' },
    '192.0.2.1': { fails: 420, code: 'EHOSTUNREACH' },
    '2001:db8::2': { fails: 2, code: 'ENETUNREACH' },
  },
);

/** Text between `<!-- drawn by scripts/pictures.mjs: NAME -->` and the end of the block that follows. */
const BLOCKS = {
  timeline: timeline(SLOW_LINK, { width: 88 }),
  marbles: marbleDiagram(DEAD_IPV6, { width: 88 }),
};

const FILES = {
  'docs/pictures/dead-ipv6.svg': waterfall(DEAD_IPV6),
  'docs/pictures/tls-stall.svg': waterfall(TLS_STALL),
  'docs/pictures/all-dead.svg': waterfall(ALL_DEAD),
};

const readme = readFileSync('README.md', 'utf8');
let redrawn = readme;
for (const [name, text] of Object.entries(BLOCKS)) {
  const block = new RegExp(`(<!-- drawn by scripts/pictures\\.mjs: ${name} -->\\s+\`\`\`\\n).*?(\`\`\`)`, 's');
  if (!block.test(readme)) throw new Error(`README.md has no block for the picture ${name}`);
  redrawn = redrawn.replace(block, (_, before, behind) => `${before}${text}\n${behind}`);
}
const pictures = { 'README.md': redrawn, ...Object.fromEntries(Object.entries(FILES).map(([name, svg]) => [name, `${svg}\n`])) };

const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });
if (!values.check) mkdirSync('docs/pictures', { recursive: true });
for (const [name, drawn] of Object.entries(pictures)) {
  if (existsSync(name) && readFileSync(name, 'utf8') === drawn) continue;
  if (!values.check) writeFileSync(name, drawn);
  else {
    console.error(`${name} is not as it is drawn: npm run pictures`);
    process.exitCode = 1;
  }
}
