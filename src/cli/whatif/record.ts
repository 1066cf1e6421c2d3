import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { notGiven } from '../../core/input/argument-errors.js';
import { nodeOptions } from '../env.js';
import { grouped, type Flag, type Flags } from '../flag.js';
import { runProgram } from '../run-program.js';
import type { Terminal } from '../terminal.js';
import { whole } from './flags.js';

const DEFAULT_FILE = 'races.jsonl';

export const RECORD_FLAGS: readonly Flag[] = grouped('Recording', [
  {
    usage: '--output <file>',
    meaning: 'Where races are appended; %p stands for the number of each process',
    default: DEFAULT_FILE,
  },
  {
    usage: '--size <bytes>',
    meaning: 'Begin a new file at this size, and keep the previous one as <file>.1',
    default: '16777216',
  },
  { usage: '--hash <key>', meaning: 'Replace names and addresses by others, the same for the same key' },
  { usage: '--client <name>', meaning: 'What this machine is called in the recording' },
]);

/**
 * `rx-happy-eyeballs record -- <command…>`: runs a command. Its Node programs race and record their races.
 *
 * @param register the URL of the entry `rx-happy-eyeballs/register`
 * @returns the exit status of the command
 */
export async function recordCommand(
  command: readonly string[],
  flags: Flags,
  terminal: Terminal,
  register: string,
): Promise<number> {
  if (command.length === 0) throw notGiven('command', ' after --, as in: record -- node app.js');
  const path = resolve(flags.output === undefined ? DEFAULT_FILE : String(flags.output));
  const size = flags.size === undefined ? undefined : whole(flags, 'size', 65_536, 2 ** 40, 0);
  const { env } = process;
  const before = sizeOf(path);
  const status = await runProgram(command, terminal, {
    ...env,
    NODE_OPTIONS: nodeOptions(env.NODE_OPTIONS ?? '', register),
    RX_HAPPY_EYEBALLS_RECORD: path,
    ...(size !== undefined && { RX_HAPPY_EYEBALLS_RECORD_SIZE: String(size) }),
    ...(flags.hash !== undefined && { RX_HAPPY_EYEBALLS_RECORD_HASH: String(flags.hash) }),
    ...(flags.client !== undefined && { RX_HAPPY_EYEBALLS_RECORD_CLIENT: String(flags.client) }),
  });
  const isKnown = path.includes('%p') || sizeOf(path) !== before;
  const next = 'See rx-happy-eyeballs whatif --help for what to do with it.';
  terminal.stderr.write(isKnown ? `Races are recorded in ${path}. ${next}\n` : 'No race was run, so none was recorded.\n');
  return status;
}

function sizeOf(path: string): number {
  return existsSync(path) ? statSync(path).size : 0;
}
