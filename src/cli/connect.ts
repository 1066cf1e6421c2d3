import { race$ } from '../connect.js';
import { invalidValue } from '../core/input/argument-errors.js';
import { hostPort } from '../core/input/host-port.js';
import type { Flag, Flags } from './flag.js';
import { portOf } from './port.js';
import { raceOptions } from './race-flags.js';
import { showRace, showRaces } from './show-race.js';
import type { Terminal } from './terminal.js';

/** Flags of this command beside those of the race and of its output. */
export const CONNECT_FLAGS: readonly Flag[] = [
  { usage: '--repeat <n>', meaning: 'Race n times, and show who won how often and after what time' },
  { usage: '--pipe', meaning: 'Send standard input to the winner, and print what it sends' },
];

/** `rx-happy-eyeballs connect <host> <port>`: races the host's addresses and shows the race. */
export async function connectCommand(name: string, given: string | undefined, flags: Flags, terminal: Terminal): Promise<number> {
  if (name.includes('://'))
    throw invalidValue('host', 'must be a name or an address alone, without what is before :// and after it', name);
  const { host, port: text = given } = hostPort(name);
  if (text === undefined) throw invalidValue('port', `must be given, as in: rx-happy-eyeballs ${host || 'localhost'} 443`, text);
  if (text !== given && given !== undefined) throw invalidValue('port', `is given twice, as ${text} and here`, given);
  const port = portOf(text);
  const destination = { host, port, race$: race$(host, port, raceOptions(flags)) };
  if (flags.repeat === undefined) return showRace(destination, flags, terminal);
  if (!Number.isSafeInteger(flags.repeat) || (flags.repeat as number) < 1) {
    throw invalidValue('--repeat', 'must be a whole number from 1', flags.repeat);
  }
  return showRaces(flags.repeat as number, destination, flags, terminal);
}
