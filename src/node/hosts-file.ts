import { parseAddress, type Address } from '../core/address/address.js';
import { normalName } from '../core/input/host-name.js';
import { debug } from '../observe/debug.js';
import { watchedFile } from './watched-file.js';

/** The addresses of a name in a hosts file, in its order; none when it does not hold the name. */
export type HostsFile = (name: string) => readonly Address[];

/** Where this system keeps its hosts file. */
export const systemHostsFile =
  process.platform === 'win32' ? `${process.env.SystemRoot ?? 'C:\\Windows'}\\System32\\drivers\\etc\\hosts` : '/etc/hosts';

/**
 * Reads a hosts file when it is first asked for, and again whenever it has changed. Names are compared without regard to case
 * and to a final dot. Lines that are invalid are ignored; a file that cannot be read is empty.
 */
export function hostsFile(path: string): HostsFile {
  const hosts = watchedFile(path, parseHosts);
  return (name) => hosts().get(normalName(name)) ?? [];
}

/** The hosts file of this system. */
export const systemHosts: HostsFile = hostsFile(systemHostsFile);

/** The names of a hosts file with their addresses (hosts(5)). */
export function parseHosts(text: string): Map<string, readonly Address[]> {
  const hosts = new Map<string, Address[]>();
  for (const line of text.split('\n')) {
    const [first, ...names] = line.replace(/#.*/, '').trim().split(/\s+/);
    if (!first) continue;
    const address = parseAddress(first);
    if (!address || names.length === 0) {
      debug('a line of the hosts file is passed over: %j', line);
      continue;
    }
    for (const name of names.map(normalName)) {
      const addresses = hosts.get(name);
      if (addresses) addresses.push(address);
      else hosts.set(name, [address]);
    }
  }
  return hosts;
}
