import { race$ } from '../connect.js';
import { staticResolver } from '../rx/static-resolver.js';
import { openLab } from './lab.js';
import { showRace, type Terminal } from './show-race.js';

/** `rx-happy-eyeballs`: races the addresses of a lab on this machine's loopback, and shows the race. */
export async function demoCommand(terminal: Terminal): Promise<number> {
  const lab = await openLab();
  try {
    const width = Math.max(...lab.addresses.map(({ address }) => address.length));
    const listing = lab.addresses.map(({ address, nature }) => `  ${address.padEnd(width)}  ${nature}\n`).join('');
    terminal.stdout.write(`A name with ${lab.addresses.length} addresses on port ${lab.port} of this machine:\n${listing}\n`);
    const resolver = staticResolver(lab.addresses.map(({ address }) => address));
    return await showRace(race$('lab.example', lab.port, { resolver }), terminal);
  } finally {
    await lab.close();
  }
}
