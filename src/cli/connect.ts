import { race$ } from '../connect.js';
import { invalidValue } from '../core/input/argument-errors.js';
import { authorityOf, HTTPS_PORT } from './authority.js';
import type { Flag, Flags } from './flag.js';
import { portOf } from './port.js';
import { raceOptions } from './race-flags.js';
import { showRace, showRaces } from './show-race.js';
import type { Terminal } from './terminal.js';

/** Flags of this command besides those of the race and of the output. */
export const CONNECT_FLAGS: readonly Flag[] = [
  { usage: '--port <port>', meaning: 'In place of a port after the host', default: "the scheme's, or 443" },
  { usage: '--repeat <n>', meaning: 'Race n times, and show who won how often and how fast', conflicts: ['pipe', 'html', 'svg'] },
  { usage: '--pipe', meaning: 'Send standard input to the winner, and print what it sends', conflicts: ['json'] },
];

/**
 * `rx-happy-eyeballs connect <host> [port]`: races the host's addresses and shows the race.
 *
 * @param name a name, an address, or a URL, whose scheme may ask for TLS
 */
export async function connectCommand(name: string, given: string | undefined, flags: Flags, terminal: Terminal): Promise<number> {
  const { host, port: own, scheme } = authorityOf(name);
  if (/^\d+$/.test(host)) throw invalidValue('host', 'must be a name or an address', name);
  const text = onePort([own, given, flags.port === undefined ? undefined : String(flags.port)]);
  const port = text === undefined ? (scheme?.port ?? HTTPS_PORT) : portOf(text);
  const all = scheme?.tls ? { tls: true, ...flags } : flags;
  const destination = { host, port, race$: race$(host, port, raceOptions(all)) };
  if (flags.repeat === undefined) return showRace(destination, flags, terminal);
  if (!Number.isSafeInteger(flags.repeat) || (flags.repeat as number) < 1) {
    throw invalidValue('--repeat', 'must be a whole number from 1', flags.repeat);
  }
  return showRaces(flags.repeat as number, destination, flags, terminal);
}

/** The port that is given in one of three places: with the host, after it, or as a flag. */
function onePort(places: readonly (string | undefined)[]): string | undefined {
  const [port, again] = places.filter((place) => place !== undefined);
  if (port !== undefined && again !== undefined) throw invalidValue('port', `is given twice, as ${port} and here`, again);
  return port;
}
