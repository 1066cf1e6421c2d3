// Draws the pictures of README.md and docs/pictures anew, from races in virtual time: `npm run pictures`, after a build.
// With --check it writes nothing, names what is not as it would be drawn, and exits with 1. Works on the folder it is run in.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
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
