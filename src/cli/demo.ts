import { race$ } from '../connect.js';
import { invalidValue } from '../core/input/argument-errors.js';
import { staticResolver } from '../rx/static-resolver.js';
import { wrap } from '../pictures/text-columns.js';
import { conclusion } from './conclusion.js';
import { openLab } from './lab.js';
import type { Flags } from './flag.js';
import { lateAnswers, scenarios } from './scenarios.js';
import { showRace } from './show-race.js';
import { appearance, FAILED, type Terminal } from './terminal.js';

/** The default scenario. */
export const DEFAULT_SCENARIO = 'mixed';

/** The host name of the demo's addresses. */
const HOST = 'lab.example';

/** `rx-happy-eyeballs demo [scenario]`: races the addresses of a lab on this machine's loopback, and shows the race. */
export async function demoCommand(name: string, flags: Flags, terminal: Terminal): Promise<number> {
  const scenario = Object.hasOwn(scenarios, name) ? scenarios[name] : undefined;
  if (!scenario) throw invalidValue('scenario', `must be one of: ${Object.keys(scenarios).join(', ')}`, name);
  const lab = await openLab(scenario.places);
  try {
    const missing = scenario.places.filter((place) => !lab.places.includes(place)).map(({ address }) => address);
    const lacking = missing.some((address) => address.includes(':')) ? ', for this machine has no IPv6' : '';
    if (missing.length > 0 && name !== DEFAULT_SCENARIO) {
      const what = `The scenario ${name} needs ${missing.join(' and ')}, which cannot be used here${lacking}.`;
      terminal.stderr.write(`${what} The scenario ${DEFAULT_SCENARIO} does without.\n`);
      return FAILED;
    }
    if (!flags.json) {
      const width = Math.max(...lab.places.map(({ address }) => address.length));
      const listing = lab.places.map(({ address, nature }) => `  ${address.padEnd(width)}  ${nature}\n`).join('');
      const count = `${lab.places.length} ${lab.places.length === 1 ? 'address' : 'addresses'}`;
      const title = `A name with ${count} on port ${lab.port} of this machine: ${scenario.title}`;
      const lines = wrap(title, appearance(terminal.stdout, flags).width);
      const left = missing.length > 0 ? `  ${missing.join(' and ')} left out${lacking}\n` : '';
      terminal.stdout.write(`${lines.join('\n')}\n${listing}${left}\n`);
    }
    const resolver = scenario.answers ? lateAnswers(scenario.answers) : staticResolver(lab.places.map(({ address }) => address));
    const destination = { host: HOST, port: lab.port, race$: race$(HOST, lab.port, { ...scenario.options, resolver }) };
    return await showRace(destination, flags, terminal, (result) =>
      result.outcome === 'failed' ? 'No address connected, as this scenario is meant to show.' : conclusion(result),
    );
  } finally {
    await lab.close();
  }
}
