import { race$ } from '../connect.js';
import { invalidValue } from '../core/argument-errors.js';
import { showRace, type Terminal } from './show-race.js';

/** `rx-happy-eyeballs <host> <port>`: races the host's addresses and shows the race. */
export async function connectCommand(host: string, port: string | undefined, terminal: Terminal): Promise<number> {
  if (!/^\d+$/.test(port ?? '')) throw invalidValue('port', 'must be a whole number from 1 to 65535', port);
  return showRace(race$(host, Number(port)), terminal);
}
