import type { Family } from '../../../core/address/address.js';
import type { DefaultRoute, Finding, MachineReport, Verdict } from '../report.js';
import { after, listed, questionReason } from './failure-words.js';

const SECTION = 'This machine';

/** What is to be thought of this machine and its network. */
export function judgeMachine(machine: MachineReport): readonly Finding[] {
  return [addresses(machine, 6), addresses(machine, 4), route(machine, 6), route(machine, 4), nat64(machine)];
}

function finding(verdict: Verdict, text: string): Finding {
  return { section: SECTION, verdict, text };
}

function addresses(machine: MachineReport, family: Family): Finding {
  const own = machine.addresses.filter((one) => one.family === family);
  if (own.length > 0) return finding('ok', `IPv${family}: ${listed(own.map((one) => `${one.address} (${one.interface})`))}`);
  const consequence =
    family === 6 ? 'whether hosts answer over IPv6 cannot be told from here' : 'what has IPv4 alone is reached by NAT64 at most';
  return finding('warning', `IPv${family}: no address that reaches others: ${consequence}`);
}

function route({ routes, addresses: all }: MachineReport, family: Family): Finding {
  if (routes === null) return finding('unknown', `IPv${family} default route: this system does not tell`);
  const own = routes.filter((one) => one.family === family).sort((a, b) => a.metric - b.metric);
  if (own.length > 0) return finding('ok', `IPv${family} default route: ${listed(own.map(way))}`);
  const needed = all.some((one) => one.family === family);
  return finding('warning', `IPv${family} default route: none${needed ? '; only neighbours can be reached' : ''}`);
}

function way({ gateway, interface: name, metric }: DefaultRoute): string {
  return `${gateway === null ? 'on the link' : `by ${gateway}`} (${name}, metric ${metric})`;
}

function nat64({ nat64: { prefixes, error, time } }: MachineReport): Finding {
  if (error) return finding('unknown', after(time, `NAT64: ${questionReason(error)}`));
  if (prefixes.length === 0) return finding('ok', after(time, 'NAT64: none in this network'));
  return finding('ok', after(time, `NAT64: this network reaches IPv4 by ${listed(prefixes)}`));
}
