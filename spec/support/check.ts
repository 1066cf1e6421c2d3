import type { Question } from 'dns-packet';
import { checkCommand } from '../../src/cli/check/command.js';
import type { CheckOptions } from '../../src/cli/check/options.js';
import { dnsServer, records, type DnsServer, type Reply } from './dns-server.js';
import { fakeTerminal, type Look } from './terminal.js';

/** Runs a check in this process, with a terminal that is kept. */
export async function check(
  targets: readonly string[],
  options: CheckOptions = {},
  { interruptAfter = Infinity, ...look }: Look & { readonly interruptAfter?: number } = {},
) {
  const terminal = fakeTerminal(look);
  const timer = interruptAfter < Infinity ? setTimeout(terminal.interrupt, interruptAfter) : undefined;
  const status = await checkCommand(targets, { ping: false, probeTimeout: 500, dnsTimeout: 200, ...options }, terminal);
  clearTimeout(timer);
  expect(terminal.listening()).toBe(0);
  return { status, ...terminal.written };
}

/** A DNS server of a few names, with what it says of each `name type`; of anything else it says that there is nothing. */
export function zone(table: Readonly<Record<string, Reply>>): Promise<DnsServer> {
  return dnsServer(({ name, type }: Question) => table[`${name} ${type}`] ?? {});
}

/** The records of a name with these addresses. */
export function named(name: string, ...addresses: readonly string[]): Record<string, Reply> {
  const six = addresses.filter((address) => address.includes(':'));
  const four = addresses.filter((address) => !address.includes(':'));
  return { [`${name} AAAA`]: { records: records(name, 'AAAA', six) }, [`${name} A`]: { records: records(name, 'A', four) } };
}

/** Both loopback addresses lead back to the name. */
export function reversed(name: string): Record<string, Reply> {
  const [six, four] = [`1.${'0.'.repeat(31)}ip6.arpa`, '1.0.0.127.in-addr.arpa'];
  return { [`${six} PTR`]: { records: records(six, 'PTR', [name]) }, [`${four} PTR`]: { records: records(four, 'PTR', [name]) } };
}
