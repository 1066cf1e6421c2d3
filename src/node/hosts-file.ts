import { parseAddress, type Address } from '../core/address/address.js';
import { normalName } from '../core/input/host-name.js';
import { debug } from '../observe/debug.js';
import { watchedFile } from './watched-file.js';

/** Returns the addresses of a name in a hosts file, in order; none if the file does not list the name. */
export type HostsFile = (name: string) => readonly Address[];

/** The path of this system's hosts file. */
export const systemHostsFile =
  process.platform === 'win32' ? `${process.env.SystemRoot ?? 'C:\\Windows'}\\System32\\drivers\\etc\\hosts` : '/etc/hosts';

/**
 * Reads a hosts file on first use, and again whenever it has changed. Names are compared without regard to case or a trailing
 * dot. Invalid lines are ignored; an unreadable file counts as empty.
 */
export function hostsFile(path: string): HostsFile {
  const hosts = watchedFile(path, parseHosts);
  return (name) => hosts().get(normalName(name)) ?? [];
}

/** The hosts file of this system. */
export const systemHosts: HostsFile = hostsFile(systemHostsFile);

/** Parses a hosts file (hosts(5)): addresses by name. */
export function parseHosts(text: string): Map<string, readonly Address[]> {
  const hosts = new Map<string, Address[]>();
  for (const line of text.split('\n')) {
    const [first, ...names] = line.replace(/#.*/, '').trim().split(/\s+/);
    if (!first) continue;
    const address = parseAddress(first);
    if (!address || names.length === 0) {
      debug('a line of the hosts file is ignored: %j', line);
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
