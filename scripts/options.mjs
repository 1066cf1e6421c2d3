// Writes the options of docs/options.md from the docstrings in src: `npm run options`. With --check it writes nothing, and exits with
// 1 if the page is out of date. It works on the folder that it is run in.
//
// A docstring gives an option its text, `@defaultValue` (with its unit, where the name does not say it: names that end in Delay or
// Timeout are ms), `@example` and `@see`. A new option of one of these interfaces appears on the page without a change here.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import prettier from 'prettier';
import ts from 'typescript';

const PAGE = 'docs/options.md';

/** The options of a race, in the order in which a reader meets them. An option that is named nowhere comes last. */
const RACE_SECTIONS = {
  'Addresses and their order': ['family', 'preferFamily', 'sort', 'interleave', 'firstAddressFamilyCount'],
  'When attempts start': [
    'connectionAttemptDelay',
    'minimumConnectionAttemptDelay',
    'maximumConnectionAttemptDelay',
    'connectionAttemptDelayMultiplier',
    'resolutionDelay',
    'maxConcurrentAttempts',
    'familyStaggerDelay',
    'attemptSpacingDelay',
    'enabled',
  ],
  'Time limits': ['connectTimeout', 'attemptTimeout', 'signal'],
  Names: ['resolver', 'serviceRecords', 'nat64'],
  Filters: ['blockList', 'filter'],
  Connections: ['transport', 'tcp', 'tls', 'localAddress', 'localPort', 'socketFactory', 'setup', 'isTerminal'],
  'Clock and randomness': ['scheduler', 'random'],
};

const RACE = [
  ...(existsSync('src/plan/racing-options.ts') ? optionsOf('src/plan/racing-options.ts', 'RacingOptions') : []),
  ...optionsOf('src/plan/options.ts', 'RaceOptions'),
  ...optionsOf('src/plan/options.ts', 'AttemptOptions'),
  ...optionsOf('src/node/tcp.ts', 'TcpOptions'),
];

/** The other groups: the title, what stands below it, the prefix of the headings, and the interfaces. */
const GROUPS = [
  [
    'Options of `serviceRecords`',
    'As in `{ serviceRecords: { scheme: "https" } }`.',
    'serviceRecords.',
    'src/plan/service-options.ts',
    'ServiceOptions',
  ],
  ['Options of `nat64`', '', 'nat64.', 'src/plan/nat64-options.ts', 'Nat64Options'],
  [
    'Options of a connector',
    'Options of `createConnector`, beside those of a race. [Connectors](connectors.md) explains what its races share.',
    '',
    'src/connector/connector.ts',
    'Shared',
    'Partitioned',
  ],
  ['Options of `cache`', 'Also options of `cached(resolver, options)`.', 'cache.', 'src/rx/cache.ts', 'CacheOptions'],
  ['Options of `history`', '', 'history.', 'src/connector/path-history.ts', 'HistoryOptions'],
  [
    'Sockets of other code',
    'Options of `register()` and `RX_HAPPY_EYEBALLS`, and of `race` in agents, dispatchers and `RaceSocket`. They take the options of a ' +
      'race too, except `family`, `signal` and those under [Connections](#connections), and differ in these. ' +
      '[Existing programs](programs.md) says which sockets race.',
    'register.',
    'src/stand-in/racing.ts',
    'StandInOptions',
  ],
  ['', '', 'register.', 'src/stand-in/patch.ts', 'RegisterOptions'],
  [
    'Options of `dnsResolver`',
    'Also options of `serviceResolver`.',
    'dnsResolver.',
    'src/node/dns-resolver.ts',
    'DnsResolverOptions',
  ],
];

/** The options that an interface, or an object type, of a file declares. */
function optionsOf(file, name) {
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
  const members = [];
  source.forEachChild((node) => {
    if (ts.isInterfaceDeclaration(node) && node.name.text === name) members.push(...node.members);
    if (ts.isTypeAliasDeclaration(node) && node.name.text === name) collect(node.type);
  });
  function collect(type) {
    if (ts.isTypeLiteralNode(type)) members.push(...type.members);
    else if (ts.isIntersectionTypeNode(type)) type.types.forEach(collect);
  }
  if (members.length === 0) throw new Error(`${file} has no options ${name}: see scripts/options.mjs`);
  return members
    .filter(ts.isPropertySignature)
    .filter((member) => ts.isIdentifier(member.name))
    .map((member) => optionOf(member, file));
}

function optionOf(member, file) {
  const name = member.name.getText();
  const [doc] = ts.getJSDocCommentsAndTags(member).filter(ts.isJSDoc);
  const tags = Object.fromEntries((doc?.tags ?? []).map((tag) => [tag.tagName.text, plain(tag.comment)]));
  if (!doc || tags.defaultValue === undefined)
    throw new Error(`${file}: ${name} needs a doc comment with @defaultValue, for ${PAGE}`);
  const [, value, unit] = /^(.*?)(?: (ms|s))?$/.exec(tags.defaultValue);
  const see = /@see \{@link (\S+) \| ([^}]+)\}/.exec(doc.getText())?.slice(1);
  return {
    name,
    // That `undefined` counts as not given is said once, at the top of the page.
    type: member.type
      .getText()
      .replace(/\s+/g, ' ')
      .replace(/^\| /, '')
      .replace(/ \| undefined$/, '')
      .replace(/^\((.*=> [\w []+\]?)\)$/, '$1'),
    value,
    unit: unit ?? (/(?:Delay|Timeout)$/.test(name) ? 'ms' : undefined),
    text: plain(doc.comment),
    example: tags.example,
    see,
  };
}

/** A comment as Markdown: links to declarations become code. */
function plain(comment = '') {
  const text =
    typeof comment === 'string'
      ? comment
      : comment
          .map((part) => (part.text || !part.name ? part.text : '') + (part.name ? `\`${part.name.getText()}\`` : ''))
          .join('');
  return text.trim();
}

const shownDefault = ({ value, unit }) =>
  value === 'none' || value === 'required' ? value : /^[\w'().]+$/.test(value) ? `\`${value}\`${unit ? ` ${unit}` : ''}` : value;

/** The anchor that GitHub gives a heading. */
const anchor = (heading) =>
  heading
    .toLowerCase()
    .replace(/[^\w -]/g, '')
    .replaceAll(' ', '-');

function entry(prefix, option) {
  const { name, type, unit, text, example, see } = option;
  const facts = [
    `Type: \`${type}\``,
    `Default: ${shownDefault(option)}`,
    ...(unit ? [`Unit: ${unit}`] : []),
    ...(example ? [`Example: ${example}`] : []),
    ...(see ? [`Source: [${see[1]}](${see[0]})`] : []),
  ];
  return `### \`${prefix}${name}\`\n\n${text}\n\n${facts.map((fact) => `- ${fact}\n`).join('')}\n`;
}

function table(prefix, options) {
  const rows = options.map(
    (option) => `| [\`${prefix}${option.name}\`](#${anchor(prefix + option.name)}) | ${shownDefault(option)} |\n`,
  );
  return `| option | default |\n| --- | --- |\n${rows.join('')}\n`;
}

function races() {
  const named = Object.values(RACE_SECTIONS).flat();
  const others = RACE.filter(({ name }) => !named.includes(name)).map(({ name }) => name);
  const sections = Object.entries({ ...RACE_SECTIONS, ...(others.length > 0 ? { 'Other options': others } : {}) });
  return sections.map(([title, names]) => {
    const options = names.map((name) => RACE.find((option) => option.name === name) ?? fail(`there is no option ${name}`));
    return { title, text: '', prefix: '', options };
  });
}

function groups() {
  return GROUPS.map(([title, text, prefix, file, ...interfaces]) => {
    return { title, text, prefix, options: interfaces.flatMap((name) => optionsOf(file, name)) };
  });
}

function fail(message) {
  throw new Error(`${message}: see scripts/options.mjs`);
}

function contents() {
  const sections = [...races(), ...groups()];
  return sections
    .map(({ title, text, prefix, options }) => {
      const head =
        title === ''
          ? ''
          : `## ${title}\n\n${text === '' ? '' : `${text}\n\n`}${table(prefix, withNext(sections, title, options))}`;
      return head + options.map((option) => entry(prefix, option)).join('');
    })
    .join('');
}

/** A group without a title continues the one before it, whose table has its options too. */
function withNext(sections, title, options) {
  const next = sections[sections.findIndex((section) => section.title === title) + 1];
  return next?.title === '' ? [...options, ...next.options] : options;
}

const BLOCK = /(<!-- written by scripts\/options\.mjs -->\n).*?(<!-- end -->)/s;

const page = readFileSync(PAGE, 'utf8');
if (!BLOCK.test(page)) throw new Error(`${PAGE} has no place for the options`);
const text = page.replace(BLOCK, (_, before, behind) => `${before}\n${contents()}${behind}`);
const written = await prettier.format(text, { ...(await prettier.resolveConfig(import.meta.filename)), parser: 'markdown' });

const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });
if (written !== page) {
  if (!values.check) writeFileSync(PAGE, written);
  else {
    console.error(`${PAGE} is out of date: npm run options`);
    process.exitCode = 1;
  }
}
