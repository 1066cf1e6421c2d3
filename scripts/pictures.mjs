// Draws the pictures of README.md and docs anew, from races in virtual time: `npm run pictures`, after a build.
// With --check it writes nothing, names the files that are out of date, and exits with 1. It works on the folder that it is run in.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { marbleDiagram, race$, timeline, waterfall } from '../dist/index.mjs';
import { after, connects, fails, hangs, refuses, unreachable, virtualNetwork } from '../dist/testing.mjs';

/** The events of a race in a network. */
function eventsOf(dns, endpoints) {
  const network = virtualNetwork({ dns, endpoints });
  return network.run(race$('example.com', 443, network)).values;
}

const SLOW_LINK = eventsOf(
  { AAAA: after(18, ['2001:db8::1']), A: after(25, ['192.0.2.1']) },
  { '2001:db8::1': connects(600), '192.0.2.1': hangs() },
);

const EARLY_A = eventsOf(
  { AAAA: after(40, ['2001:db8::1']), A: after(12, ['192.0.2.1']) },
  { '2001:db8::1': connects(35), '192.0.2.1': connects(30) },
);

const LATE_AAAA = eventsOf(
  { AAAA: after(120, ['2001:db8::1']), A: after(12, ['192.0.2.1']) },
  { '2001:db8::1': connects(35), '192.0.2.1': refuses(90) },
);

const DEAD_IPV6 = eventsOf(
  { AAAA: after(31, ['2001:db8::1', '2001:db8::2']), A: after(24, ['192.0.2.1', '192.0.2.2']) },
  { '2001:db8::1': hangs(), '2001:db8::2': hangs(), '192.0.2.1': refuses(38), '192.0.2.2': connects(41) },
);

const TLS_STALL = eventsOf(
  { AAAA: after(14, ['2001:db8::1']), A: after(19, ['192.0.2.1']) },
  { '2001:db8::1': connects(60).thenTls(hangs()), '192.0.2.1': connects(35).thenTls(75) },
);

const ALL_DEAD = eventsOf(
  { AAAA: after(22, ['2001:db8::1', '2001:db8::2']), A: after(29, ['192.0.2.1']) },
  { '2001:db8::1': unreachable(3), '192.0.2.1': fails(420, 'EHOSTUNREACH'), '2001:db8::2': unreachable(2) },
);

const drawn = (events) => timeline(events, { width: 88 });

/** Text between `<!-- drawn by scripts/pictures.mjs: NAME -->` and the end of the block that follows, on any page. */
const BLOCKS = {
  timeline: drawn(SLOW_LINK),
  'early A': drawn(EARLY_A),
  'late AAAA': drawn(LATE_AAAA),
  'dead IPv6': drawn(DEAD_IPV6),
  'TLS stall': drawn(TLS_STALL),
  'all dead': drawn(ALL_DEAD),
  marbles: marbleDiagram(DEAD_IPV6, { width: 88 }),
};

const FILES = {
  'docs/pictures/dead-ipv6.svg': waterfall(DEAD_IPV6),
  'docs/pictures/tls-stall.svg': waterfall(TLS_STALL),
  'docs/pictures/all-dead.svg': waterfall(ALL_DEAD),
};

/** A page with its pictures drawn anew. */
function redrawn(page) {
  const block = /(<!-- drawn by scripts\/pictures\.mjs: (.+?) -->\s+```\n).*?(```)/gs;
  return readFileSync(page, 'utf8').replace(block, (_, before, name, behind) => {
    if (!Object.hasOwn(BLOCKS, name)) throw new Error(`${page}: there is no picture ${name}`);
    return `${before}${BLOCKS[name]}\n${behind}`;
  });
}

const pages = ['README.md', ...readdirSync('docs').map((name) => `docs/${name}`)].filter((name) => name.endsWith('.md'));
const pictures = {
  ...Object.fromEntries(pages.map((page) => [page, redrawn(page)])),
  ...Object.fromEntries(Object.entries(FILES).map(([name, svg]) => [name, `${svg}\n`])),
};

const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });
if (!values.check) mkdirSync('docs/pictures', { recursive: true });
for (const [name, text] of Object.entries(pictures)) {
  if (existsSync(name) && readFileSync(name, 'utf8') === text) continue;
  if (!values.check) writeFileSync(name, text);
  else {
    console.error(`${name} is out of date: npm run pictures`);
    process.exitCode = 1;
  }
}
