import { inspect } from 'node:util';
import { cac, type Command } from 'cac';
import packageJson from '../../package.json' with { type: 'json' };
import { invalidValue } from '../core/input/argument-errors.js';
import { codedError } from '../core/error-tools.js';
import { printable } from '../core/input/printable.js';
import { checkCommand } from './check/command.js';
import { CHECK_FLAGS, checkFlags } from './check/flags.js';
import { CONNECT_FLAGS, connectCommand } from './connect.js';
import { DEFAULT_SCENARIO, demoCommand } from './demo.js';
import { ENV_FLAGS, envCommand } from './env.js';
import { DEBUG, FILE_FLAGS, OUTPUT_FLAGS } from './output.js';
import type { Flag, Flags } from './flag.js';
import { proxyCommand } from './proxy/command.js';
import { PROXY_FLAGS, PROXY_RACE_FLAGS, RUN_FLAGS } from './proxy/flags.js';
import { ofFlags, RACE_FLAGS } from './race-flags.js';
import { runCommand } from './run.js';
import { scenarios } from './scenarios.js';
import { BAD_ARGUMENTS, FAILED, OK, type Terminal } from './terminal.js';

/**
 * The command line: the demo without arguments, a race with a host and a port.
 *
 * @param register the URL of the entry `rx-happy-eyeballs/register`, for the command that prints it
 * @returns the exit status: 0 a winner, or all hosts ready; 1 none, or one that is not; 2 bad arguments; 130 interrupted
 */
export async function main(argv: readonly string[], terminal: Terminal, register = ''): Promise<number> {
  const cli = cac('rx-happy-eyeballs');
  const { own, commanded } = withoutCommand(argv);
  const declared: Flag[] = [];
  const command = (usage: string, meaning: string, ...own: (readonly Flag[])[]) => {
    declared.push(...own.flat());
    return own.flat().reduce((made, flag) => made.option(flag.usage, flag.meaning), cli.command(usage, meaning));
  };
  const connect = (usage: string, meaning: string): Command =>
    command(usage, meaning, CONNECT_FLAGS, FILE_FLAGS, OUTPUT_FLAGS, RACE_FLAGS);

  connect('connect <host> [port]', 'Race the addresses of a host, and show the race')
    .example('rx-happy-eyeballs connect example.com 443 --tls --alpn h2')
    .example('rx-happy-eyeballs connect example.com 443 --repeat 20')
    .example('rx-happy-eyeballs connect example.com 80 --pipe < request')
    .action((host: string, port: string | undefined, flags: Flags) => connectCommand(host, port, flags, terminal));
  command('check [...hosts]', 'Tell whether names are ready for IPv6; the last argument may be a port', CHECK_FLAGS, OUTPUT_FLAGS)
    .example('rx-happy-eyeballs check example.com')
    .example('rx-happy-eyeballs check mail.example.com:25 www.example.com 8443')
    .action((hosts: readonly string[], flags: Flags) => checkCommand(hosts.map(String), checkFlags(flags), terminal));
  command(
    'demo [scenario]',
    `Race addresses of this machine alone: ${Object.keys(scenarios).join(', ')}`,
    FILE_FLAGS,
    OUTPUT_FLAGS,
  )
    .example('rx-happy-eyeballs demo tls-stall')
    .action((scenario: string | undefined, flags: Flags) => demoCommand(scenario ?? DEFAULT_SCENARIO, flags, terminal));
  command('env', 'Print the line that lets every Node started from this shell race: eval "$(rx-happy-eyeballs env)"', ENV_FLAGS)
    .example('eval "$(npx rx-happy-eyeballs env)"')
    .example('npx rx-happy-eyeballs env | source   # fish')
    .example('npx rx-happy-eyeballs env | Invoke-Expression   # PowerShell')
    .action((flags: Flags) => envCommand(flags, terminal, register));
  command(
    'proxy',
    'Serve a proxy whose connections are raced for: HTTP, SOCKS 5 and SOCKS 4a on one port',
    PROXY_FLAGS,
    DEBUG,
    PROXY_RACE_FLAGS,
  )
    .example('rx-happy-eyeballs proxy --top')
    .example('rx-happy-eyeballs proxy --listen 0.0.0.0:8118 --allow 192.0.2.0/24 --metrics 127.0.0.1:9464')
    .action((flags: Flags) => proxyCommand(flags, terminal));
  command('run', 'Run a command whose connections are raced for: run [options] -- <command…>', RUN_FLAGS, DEBUG, PROXY_RACE_FLAGS)
    .usage('run [options] -- <command…>')
    .example('rx-happy-eyeballs run -- git clone https://example.com/project')
    .action((flags: Flags) => runCommand(commanded, flags, terminal, register));
  connect('[host] [port]', 'As connect; without arguments, as demo')
    .usage('[host port] [options]')
    .example('rx-happy-eyeballs')
    .example('rx-happy-eyeballs example.com 443')
    .action((host: string | undefined, port: string | undefined, flags: Flags) =>
      host === undefined ? demoCommand(DEFAULT_SCENARIO, flags, terminal) : connectCommand(host, port, flags, terminal),
    );
  cli.help((sections) => sections.map(tidied));
  cli.version(packageJson.version);
  try {
    const given = own.filter((text) => text !== '--');
    refuse(given);
    cli.parse(['', '', ...given], { run: false });
    tidyFlags(cli.options, declared);
    return (await (cli.runMatchedCommand() as Promise<number> | undefined)) ?? OK;
  } catch (thrown) {
    const debugging = argv.includes('--debug');
    const { message } = thrown as Error;
    if (isBadArgument(thrown)) {
      terminal.stderr.write(`${debugging ? inspect(thrown) : ofFlags(printable(message))}\nSee rx-happy-eyeballs --help\n`);
      return BAD_ARGUMENTS;
    }
    terminal.stderr.write(
      debugging ? `${inspect(thrown)}\n` : `It went wrong: ${printable(message)}\nMore is told with --debug\n`,
    );
    return FAILED;
  }
}

/** Takes the command that `run` is given, which is another program's, away from our own arguments. */
function withoutCommand(argv: readonly string[]): { own: readonly string[]; commanded: readonly string[] } {
  const stop = argv.indexOf('--');
  if (argv[0] !== 'run' || stop === -1) return { own: argv, commanded: [] };
  return { own: argv.slice(0, stop), commanded: argv.slice(stop + 1) };
}

/** Throws for what the parser would take for something else. */
function refuse(argv: readonly string[]): void {
  if (argv.includes('')) throw invalidValue('argument', 'must not be empty', '');
  const negative = argv.find((text) => /^-\d/.test(text));
  if (negative !== undefined) throw invalidValue('argument', 'must not be negative', negative);
  for (const text of argv) {
    const [option, name] = /^--?(?:no-)?([^=]+)/.exec(text) ?? [];
    // The parser looks options up in an object, and so finds what every object has.
    const isInherited = name?.split('.').some((part) => INHERITED.has(camelCase(part)));
    if (isInherited) throw codedError('ERR_INVALID_ARG_VALUE', `Unknown option \`${option}\``);
  }
}

/** Of a flag that is given several times the last counts, if it says yes or no; one that may not be is refused. */
function tidyFlags(options: Record<string, unknown>, declared: readonly Flag[]): void {
  const several = new Set(declared.filter((flag) => flag.several).map(nameOf));
  for (const flag of declared) {
    const name = nameOf(flag);
    const key = camelCase(name);
    const value = options[key];
    if (!Array.isArray(value) || several.has(name)) continue;
    if (flag.usage.includes('<')) throw invalidValue(`--${name}`, 'must be given once', value);
    options[key] = value.at(-1);
  }
}

/** What every object has. */
const INHERITED = new Set(Object.getOwnPropertyNames(Object.prototype));

/** The name under which the parser gives a flag: `connectTimeout` for `connect-timeout`. */
function camelCase(name: string): string {
  return name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}

function nameOf({ usage }: Flag): string {
  return /^--(?:no-)?([\w-]+)/.exec(usage)![1]!;
}

/** A section of the help without what the parser adds: trailing spaces, and the default of flags that switch off. */
function tidied({ title, body }: { title?: string; body: string }) {
  return { title, body: body.replace(/ (?:\(default: true\))?$/gm, '') };
}

/** What the parser of the command line or the check of the library's options refused. */
function isBadArgument(error: unknown): error is Error {
  const { name, code } = error as { name?: unknown; code?: unknown };
  return name === 'CACError' || (typeof code === 'string' && /^ERR_(?:INVALID_|OUT_OF_RANGE)/.test(code));
}
