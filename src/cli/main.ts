import { inspect } from 'node:util';
import packageJson from '../../package.json' with { type: 'json' };
import { invalidValue } from '../core/input/argument-errors.js';
import { codedError } from '../core/error-tools.js';
import { printable } from '../core/input/printable.js';
import { mostSimilar } from '../core/input/similar.js';
import { COMMANDS, DEFAULT_COMMAND } from './commands.js';
import { parse, type ProgramHelp } from './parser.js';
import { ofFlags } from './race-flags.js';
import { BAD_ARGUMENTS, FAILED, OK, type Terminal } from './terminal.js';

const HELP: ProgramHelp = {
  name: packageJson.name,
  synopsis: '[host] [port] [options]',
  description: 'Connects to the fastest address of a host that works, and shows how. Without arguments it shows a demo.',
  notes: 'A host without a command is raced, as with connect, whose options apply: see rx-happy-eyeballs connect --help.',
  examples: ['', 'example.com', 'https://example.com:8443 -6 --html race.html'],
};

/**
 * Runs the command line: the demo without arguments, a race with a host.
 *
 * @param register the URL of the entry `rx-happy-eyeballs/register`, for commands that pass it on
 * @returns the exit status: 0 for a winner or if all hosts are ready, 1 otherwise, 2 for invalid arguments, 130 if interrupted
 */
export async function main(argv: readonly string[], terminal: Terminal, register = ''): Promise<number> {
  try {
    const { own, rest } = withoutCommand(argv);
    if (own.includes('')) throw invalidValue('argument', 'must not be empty', '');
    refuseMisspelt(own);
    const parsed = parse(own, { commands: COMMANDS, fallback: DEFAULT_COMMAND, help: HELP }, terminal);
    if (!parsed) return OK;
    return await parsed.command.run(parsed.args, parsed.flags, { terminal, register, rest });
  } catch (thrown) {
    const debugging = argv.includes('--debug');
    const { message } = thrown as Error;
    if (isBadArgument(thrown)) {
      terminal.stderr.write(`${debugging ? inspect(thrown) : ofFlags(printable(message))}\nSee ${helpFor(argv)}\n`);
      return BAD_ARGUMENTS;
    }
    const details = `Unexpected error: ${printable(message)}\nRun with --debug for details.\n`;
    terminal.stderr.write(debugging ? `${inspect(thrown)}\n` : details);
    return FAILED;
  }
}

/** The command line that shows the help of the command in use, or of the program. */
function helpFor([word = '']: readonly string[]): string {
  return [packageJson.name, ...(commandNames().includes(word) ? [word] : []), '--help'].join(' ');
}

function commandNames(): readonly string[] {
  return COMMANDS.map(({ usage }) => usage.split(' ')[0]!);
}

/** Splits the command line at `--`, which the command line of another program follows. */
function withoutCommand(argv: readonly string[]): { own: readonly string[]; rest: readonly string[] } {
  const stop = argv.indexOf('--');
  if (!['run', 'record'].includes(argv[0]!) || stop === -1) return { own: argv, rest: [] };
  return { own: argv.slice(0, stop), rest: argv.slice(stop + 1) };
}

/** Throws an error for a misspelt command: a host name without a dot that resembles a command and has no port. */
function refuseMisspelt(argv: readonly string[]): void {
  const [word = '', next = ''] = argv;
  const names = commandNames();
  if (!/^[a-z]+$/.test(word) || word === 'help' || names.includes(word) || /^\d+$/.test(next)) return;
  const meant = mostSimilar(word, names);
  if (meant === undefined) return;
  const otherwise = `For a host of that name: ${packageJson.name} connect ${word}`;
  throw codedError('ERR_INVALID_ARG_VALUE', `Unknown command '${word}'. Did you mean ${meant}? ${otherwise}`);
}

/** Whether the parser of the command line or the library's checks refused an argument. */
function isBadArgument(error: unknown): error is Error {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' && /^ERR_(?:INVALID_|OUT_OF_RANGE)/.test(code);
}
