import { hostname } from 'node:os';
import { normalName } from '../core/input/host-name.js';
import type { HostsFile } from './hosts-file.js';
import type { ResolvConf } from './resolv-conf.js';

/** The configuration that decides how this system resolves names. */
export interface SystemNames {
  readonly hosts: HostsFile;
  readonly resolvConf: () => ResolvConf;
  /** The sources for hosts, in the terms of nsswitch.conf(5). */
  readonly sources: () => readonly string[];
  /** Whether this system may search domains that no file lists, as Windows does. */
  readonly searchesMore: boolean;
}

/** How the families of a name can be looked up separately. */
export interface FamiliesApart {
  /** The name in a form to which no search domain applies. */
  readonly name: string;
  /** Whether the system would go on to try search domains, for which both families must be looked up together. */
  readonly isSearched: boolean;
}

/**
 * Whether the families of a name may be looked up separately.
 *
 * The system stops at the first source that knows a name in any family, so that all addresses belong to one machine. A look-up of
 * one family skips a source that knows the name in the other family only, and may then find a different machine:
 *
 *     hosts file: 10.9.0.1 db.example       both: 10.9.0.1          IPv6 only: what DNS has for db.example
 *     search one.test two.test              both: db.one.test       IPv6 only: db.two.test, if only that has AAAA
 *
 * @returns `undefined` for a name that must be looked up in both families at once: one in the hosts file, a single label, one with
 * fewer dots than `ndots`, a number, the machine's own, one of mDNS, and any name if the sources include more than files and DNS
 */
export function familiesApart(
  host: string,
  { hosts, resolvConf, sources, searchesMore }: SystemNames,
): FamiliesApart | undefined {
  const name = normalName(host);
  if (hosts(name).length > 0 || isOfThisMachine(name) || endsInNumber(name) || isLocal(name)) return undefined;
  if (!sources().every((source) => ASKS_DNS.has(source))) return undefined;
  if (host.endsWith('.')) return { name: host, isSearched: false };

  const { search, ndots } = resolvConf();
  const dots = name.split('.').length - 1;
  if (dots < Math.max(ndots, 1)) return undefined;
  // Without search domains the name stays unchanged, for programs that watch or replace look-ups.
  return search.length === 0 && !searchesMore ? { name: host, isSearched: false } : { name: `${host}.`, isSearched: true };
}

/** Sources that look up a fully qualified name in DNS only, unless it is in the hosts file or the machine's own. */
const ASKS_DNS = new Set([
  'files',
  'dns',
  'resolve',
  'myhostname',
  'mymachines',
  'mdns',
  'mdns4',
  'mdns_minimal',
  'mdns4_minimal',
]);

function isOfThisMachine(name: string): boolean {
  return name === normalName(hostname());
}

/** Whether the system may take a name for an address in an old notation: `0`, `127.1`, `0x7f.1`. */
function endsInNumber(name: string): boolean {
  return /(?:^|\.)(?:\d+|0x[\da-f]*)$/i.test(name);
}

/** RFC 6762 section 3. */
function isLocal(name: string): boolean {
  return /(?:^|\.)local$/.test(name);
}
