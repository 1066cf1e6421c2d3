import { race$ } from '../connect.js';
import { invalidValue } from '../core/argument-errors.js';
import { raceOptions, type Flag, type Flags } from './race-flags.js';
import { showRace, showRaces } from './show-race.js';
import type { Terminal } from './terminal.js';

/** Flags of this command beside those of the race and of its output. */
export const CONNECT_FLAGS: readonly Flag[] = [
  { usage: '--repeat <n>', meaning: 'Race n times, and show who won how often and after what time' },
  { usage: '--pipe', meaning: 'Send standard input to the winner, and print what it sends' },
];

/** `rx-happy-eyeballs connect <host> <port>`: races the host's addresses and shows the race. */
export async function connectCommand(host: string, port: string | undefined, flags: Flags, terminal: Terminal): Promise<number> {
  const destination = { host, port: portOf(port), race$: race$(host, portOf(port), raceOptions(flags)) };
  if (flags.repeat === undefined) return showRace(destination, flags, terminal);
  if (!Number.isSafeInteger(flags.repeat) || (flags.repeat as number) < 1) {
    throw invalidValue('--repeat', 'must be a whole number from 1', flags.repeat);
  }
  return showRaces(flags.repeat as number, destination, flags, terminal);
}

function portOf(text: string | undefined): number {
  if (!/^\d+$/.test(text ?? '')) throw invalidValue('port', 'must be a whole number from 1 to 65535', text);
  return Number(text);
}
