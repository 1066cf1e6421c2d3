import { checkCommand } from './check/command.js';
import { CHECK_FLAGS, checkFlags } from './check/flags.js';
import type { Command } from './command.js';
import { CONNECT_FLAGS, connectCommand } from './connect.js';
import { DEFAULT_SCENARIO, demoCommand } from './demo.js';
import { ENV_FLAGS, envCommand } from './env.js';
import { commonFirst } from './flag.js';
import { DEBUG, FILE_FLAGS, OUTPUT_FLAGS } from './report-files.js';
import { proxyCommand } from './proxy/command.js';
import { PROXY_FLAGS, PROXY_RACE_FLAGS, RUN_FLAGS } from './proxy/flags.js';
import { RACE_FLAGS } from './race-flags.js';
import { runCommand } from './run.js';
import { scenarios } from './scenarios.js';
import { SWEEP_FLAGS, TERMS_FLAGS } from './whatif/flags.js';
import { RECORD_FLAGS, recordCommand } from './whatif/record.js';
import { SIMULATE_FLAGS, simulateCommand } from './whatif/simulate.js';
import { WHATIF_FLAGS, whatifCommand } from './whatif/whatif.js';

/** The flags of `connect` that people use most, in the order of its help. */
const COMMON = [
  '--port',
  '--ipv4',
  '--ipv6',
  '--tls',
  '--connect-timeout',
  '--connection-attempt-delay',
  '--dns-server',
  '--repeat',
  '--pipe',
  '--json',
];

const connectFlags = commonFirst(COMMON, [...CONNECT_FLAGS, ...RACE_FLAGS, ...FILE_FLAGS, ...OUTPUT_FLAGS]);

const JSON_FLAGS = OUTPUT_FLAGS.filter(({ usage }) => usage === '--json' || usage === '--debug');

const RACES = 'Races';
const PROGRAMS = 'Other programs';
const SETTINGS = 'Choosing settings';

/**
 * The commands of the program, in the order of its help.
 *
 * To add one: describe it here, and do its work in a file of its own, as in `xCommand(argument, flags, terminal)`. Its flags are a
 * list of {@link Flag} beside that function; lists that several commands share are `OUTPUT_FLAGS` (`--json`, `--ascii` …),
 * `FILE_FLAGS` (`--html`, `--svg`) and `RACE_FLAGS` with `raceOptions(flags)`. The help, errors for invalid flags and
 * suggestions for misspelt ones follow from this description.
 */
export const COMMANDS: readonly Command[] = [
  {
    usage: 'connect <host> [port]',
    summary: 'Race the addresses of a host, and show the race',
    details: 'The host may be a name, an address, or a URL. The port is 443 where nothing else says which.',
    group: RACES,
    flags: connectFlags,
    examples: [
      'connect https://example.com --alpn h2',
      'connect example.com 443 --tls --repeat 20',
      'connect example.com 80 --pipe < request',
    ],
    run: ([host, port], flags, { terminal }) => connectCommand(host as string, port as string | undefined, flags, terminal),
  },
  {
    usage: 'check [hosts...]',
    synopsis: '<host>... [port] [options]',
    summary: 'Tell whether hosts are ready for IPv6, and if not, what to do',
    details:
      'A host may be a name, an address, or a URL, with or without a port. The last argument may be a port for those without.',
    group: RACES,
    flags: [...CHECK_FLAGS, ...OUTPUT_FLAGS],
    examples: ['check example.com', 'check mail.example.com:25 www.example.com 8443'],
    run: ([hosts], flags, { terminal }) => checkCommand(hosts as readonly string[], checkFlags(flags), terminal),
  },
  {
    usage: 'demo [scenario]',
    summary: 'Race addresses of this machine that have something wrong with them',
    list: { title: 'Scenarios', items: Object.entries(scenarios).map(([name, { title }]) => [name, title]) },
    group: RACES,
    flags: [...FILE_FLAGS, ...OUTPUT_FLAGS],
    examples: ['demo tls-stall'],
    run: ([scenario = DEFAULT_SCENARIO], flags, { terminal }) => demoCommand(scenario as string, flags, terminal),
  },
  {
    usage: 'env',
    summary: 'Print the line that lets every Node process started from this shell race',
    group: PROGRAMS,
    flags: ENV_FLAGS,
    examples: [
      'eval "$(npx rx-happy-eyeballs env)"',
      'npx rx-happy-eyeballs env | source   # fish',
      'npx rx-happy-eyeballs env | Invoke-Expression   # PowerShell',
    ],
    run: (_, flags, { terminal, register }) => envCommand(flags, terminal, register),
  },
  {
    usage: 'proxy',
    summary: 'Serve a proxy that races for its connections: HTTP, SOCKS 5 and SOCKS 4a on one port',
    group: PROGRAMS,
    flags: [...PROXY_FLAGS, ...PROXY_RACE_FLAGS, ...DEBUG],
    examples: ['proxy --top', 'proxy --listen 0.0.0.0:8118 --allow 192.0.2.0/24 --metrics 127.0.0.1:9464'],
    run: (_, flags, { terminal }) => proxyCommand(flags, terminal),
  },
  {
    usage: 'run',
    synopsis: '[options] -- <command...>',
    summary: 'Run a command whose connections go through such a proxy',
    group: PROGRAMS,
    flags: [...RUN_FLAGS, ...PROXY_RACE_FLAGS, ...DEBUG],
    examples: ['run -- git clone https://example.com/project'],
    run: (_, flags, { terminal, register, rest }) => runCommand(rest, flags, terminal, register),
  },
  {
    usage: 'record',
    synopsis: '[options] -- <command...>',
    summary: 'Run a command whose Node programs race, and record their races',
    details: 'Programs that use the package record by themselves where RX_HAPPY_EYEBALLS_RECORD names a file.',
    group: SETTINGS,
    flags: [...RECORD_FLAGS, ...DEBUG],
    examples: ['record -- node app.js', 'record --output races-%p.jsonl --hash secret -- npm start'],
    run: (_, flags, { terminal, register, rest }) => recordCommand(rest, flags, terminal, register),
  },
  {
    usage: 'whatif <recordings...>',
    summary: 'Run recorded races again under other options, and compare',
    details: 'Options that are not given stay as they were recorded. Times are in ms.',
    group: SETTINGS,
    flags: [...WHATIF_FLAGS, ...SWEEP_FLAGS, ...TERMS_FLAGS, ...JSON_FLAGS],
    examples: [
      'whatif races.jsonl --connection-attempt-delay 100 --resolution-delay 25',
      'whatif races.jsonl --sweep connection-attempt-delay=50..500:50 --svg curve.svg',
    ],
    run: ([files], flags, { terminal }) => whatifCommand(files as readonly string[], flags, terminal),
  },
  {
    usage: 'simulate',
    summary: 'Run races on a model of the internet, with the default options and others',
    details: 'Its parameters and their sources are in docs/whatif.md. Times are in ms.',
    group: SETTINGS,
    flags: [...SIMULATE_FLAGS, ...SWEEP_FLAGS, ...TERMS_FLAGS, ...JSON_FLAGS],
    examples: ['simulate --connection-attempt-delay 100', 'simulate --clients', 'simulate --races 20000 --record races.jsonl'],
    run: (_, flags, { terminal, register }) =>
      simulateCommand(flags, terminal, register === '' ? '' : new URL('simulation-worker.mjs', register).href),
  },
];

/** What the program does without the name of a command: `connect` with a host, else `demo`. */
export const DEFAULT_COMMAND: Command = {
  usage: 'race [host] [port]',
  summary: '',
  group: RACES,
  flags: connectFlags,
  run: ([host, port], flags, { terminal }) =>
    host === undefined
      ? demoCommand(DEFAULT_SCENARIO, flags, terminal)
      : connectCommand(host as string, port as string | undefined, flags, terminal),
};
