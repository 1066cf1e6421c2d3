import { hostname } from 'node:os';
import { parseAddress } from '../core/address/address.js';
import { watchedFile } from './watched-file.js';

/** The system's DNS configuration: resolv.conf(5). */
export interface ResolvConf {
  /** Addresses of DNS servers, in order. */
  readonly servers: readonly string[];
  /** The search domains. */
  readonly search: readonly string[];
  /** A name with at least `ndots` dots is tried as it is before the search domains; one with fewer, after them. */
  readonly ndots: number;
}

/** The path of this system's resolv.conf. */
export const SYSTEM_RESOLV_CONF = '/etc/resolv.conf';

/** The largest `ndots` that resolvers accept. */
const MOST_DOTS = 15;

/**
 * Parses a resolv.conf. The last `search` or `domain` line counts; without one, the domain of this machine's own name.
 * `LOCALDOMAIN` and `RES_OPTIONS` in the environment override the file.
 *
 * @param ownName the name of this machine
 */
export function parseResolvConf(text: string, env: NodeJS.ProcessEnv = process.env, ownName = hostname()): ResolvConf {
  const lines = text.split('\n').map((line) => line.trim().split(/\s+/));
  const servers = lines
    .filter(([keyword, address]) => keyword === 'nameserver' && address !== undefined && parseAddress(address) !== undefined)
    .map(([, address]) => address!);
  const [, ...listed] = lines.filter(([keyword]) => keyword === 'search' || keyword === 'domain').at(-1) ?? [];
  const domain = ownName.includes('.') ? [ownName.slice(ownName.indexOf('.') + 1)] : [];
  const given = env.LOCALDOMAIN?.split(/\s+/) ?? (listed.length > 0 ? listed : domain);
  const options = lines.filter(([keyword]) => keyword === 'options').flatMap(([, ...words]) => words);
  const ndots = [...options, ...(env.RES_OPTIONS?.split(/\s+/) ?? [])]
    .flatMap((option) => /^ndots:(\d+)/.exec(option)?.[1] ?? [])
    .map(Number)
    .at(-1);
  return {
    servers,
    search: given.map((name) => name.replace(/\.$/, '')).filter((name) => name !== ''),
    ndots: Math.min(ndots ?? 1, MOST_DOTS),
  };
}

/** Reads a resolv.conf on first use, and again whenever it has changed. */
export function resolvConf(path: string = SYSTEM_RESOLV_CONF): () => ResolvConf {
  return watchedFile(path, (text) => parseResolvConf(text));
}
