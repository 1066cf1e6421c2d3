import { race$ } from '../connect.js';
import { invalidValue } from '../core/argument-errors.js';
import { staticResolver } from '../rx/static-resolver.js';
import { openLab } from './lab.js';
import type { Flags } from './race-flags.js';
import { lateAnswers, scenarios } from './scenarios.js';
import { showRace } from './show-race.js';
import type { Terminal } from './terminal.js';

/** The name that the demo's addresses belong to. */
const HOST = 'lab.example';

/** `rx-happy-eyeballs demo [scenario]`: races the addresses of a lab on this machine's loopback, and shows the race. */
export async function demoCommand(name: string, flags: Flags, terminal: Terminal): Promise<number> {
  const scenario = Object.hasOwn(scenarios, name) ? scenarios[name] : undefined;
  if (!scenario) throw invalidValue('scenario', `must be one of: ${Object.keys(scenarios).join(', ')}`, name);
  const lab = await openLab(scenario.places);
  try {
    if (!flags.json) {
      const width = Math.max(...lab.places.map(({ address }) => address.length));
      const listing = lab.places.map(({ address, nature }) => `  ${address.padEnd(width)}  ${nature}\n`).join('');
      const count = `${lab.places.length} ${lab.places.length === 1 ? 'address' : 'addresses'}`;
      terminal.stdout.write(`A name with ${count} on port ${lab.port} of this machine: ${scenario.title}\n${listing}\n`);
    }
    const resolver = scenario.answers ? lateAnswers(scenario.answers) : staticResolver(lab.places.map(({ address }) => address));
    const destination = { host: HOST, port: lab.port, race$: race$(HOST, lab.port, { ...scenario.options, resolver }) };
    return await showRace(destination, flags, terminal);
  } finally {
    await lab.close();
  }
}
