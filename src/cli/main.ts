import { cac } from 'cac';
import packageJson from '../../package.json' with { type: 'json' };
import { connectCommand } from './connect.js';
import { demoCommand } from './demo.js';
import { BAD_ARGUMENTS, type Terminal } from './show-race.js';

/**
 * The command line: the demo without arguments, a race with a host and a port.
 *
 * @returns the exit status: 0 a winner, 1 none, 2 bad arguments, 130 interrupted
 */
export async function main(argv: readonly string[], terminal: Terminal): Promise<number> {
  const cli = cac('rx-happy-eyeballs');
  cli
    .command('[host] [port]', 'Race the addresses of a host (without arguments: a demo on this machine alone)')
    .usage('[host port]')
    .example('rx-happy-eyeballs')
    .example('rx-happy-eyeballs example.com 443')
    .action((host?: string, port?: string) =>
      host === undefined ? demoCommand(terminal) : connectCommand(host, port, terminal),
    );
  cli.help();
  cli.version(packageJson.version);
  try {
    cli.parse(['', '', ...argv.filter((text) => text !== '--')], { run: false });
    return (await (cli.runMatchedCommand() as Promise<number> | undefined)) ?? 0;
  } catch (error) {
    if (!isBadArgument(error)) throw error;
    terminal.stderr.write(`${error.message}\nSee rx-happy-eyeballs --help\n`);
    return BAD_ARGUMENTS;
  }
}

/** What the parser of the command line or the check of the library's options refused. */
function isBadArgument(error: unknown): error is Error {
  const { name, code } = error as { name?: unknown; code?: unknown };
  return name === 'CACError' || (typeof code === 'string' && /^ERR_(?:INVALID_ARG|OUT_OF_RANGE)/.test(code));
}
