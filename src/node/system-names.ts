import { hostname } from 'node:os';
import { normalName } from '../core/input/host-name.js';
import type { HostsFile } from './hosts-file.js';
import type { ResolvConf } from './resolv-conf.js';

/** What decides how this system finds a name. */
export interface SystemNames {
  readonly hosts: HostsFile;
  readonly resolvConf: () => ResolvConf;
  /** Where hosts are looked for, as nsswitch.conf(5) names them. */
  readonly sources: () => readonly string[];
  /** Whether this system may search domains that no file names, as Windows does. */
  readonly searchesMore: boolean;
}

/** How each family of a name can be asked for by itself. */
export interface FamiliesApart {
  /** The name as no search domain is tried for it. */
  readonly name: string;
  /** Whether the system would try search domains if there were no such name: both families have to be asked for together. */
  readonly isSearched: boolean;
}

/**
 * Whether the families of a name may be asked for one by one.
 *
 * The system stops where it first finds a name, in whichever family, so that all addresses are of one machine. A look-up of one
 * family goes on past a source that knows the name in the other family alone, and then comes to a different machine:
 *
 *     hosts file: 10.9.0.1 db.example       both: 10.9.0.1          IPv6 alone: what DNS has for db.example
 *     search one.test two.test              both: db.one.test       IPv6 alone: db.two.test, if only that has AAAA
 *
 * @returns `undefined` for a name that only one look-up for both families finds as the system does: one of the hosts file, a
 * single label, one with fewer dots than `ndots`, a number, the machine's own, one of mDNS, and any name where hosts are looked
 * for in sources other than files and DNS
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
  // Where nothing is searched, the name stays as it was given, for programs that watch or replace look-ups.
  return search.length === 0 && !searchesMore ? { name: host, isSearched: false } : { name: `${host}.`, isSearched: true };
}

/** Sources that find a fully qualified name which is not in the hosts file, nor this machine's, in DNS alone. */
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

/** The system may read it as an address of an old form: `0`, `127.1`, `0x7f.1`. */
function endsInNumber(name: string): boolean {
  return /(?:^|\.)(?:\d+|0x[\da-f]*)$/i.test(name);
}

/** RFC 6762 section 3. */
function isLocal(name: string): boolean {
  return /(?:^|\.)local$/.test(name);
}
