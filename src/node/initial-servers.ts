import dns from 'node:dns';

/**
 * The system's DNS servers when this module was loaded. `dns.getServers` returns the same ones for the life of the process,
 * whatever happens to resolv.conf, unless the program sets others. It may have done so before this module was loaded, so a
 * resolver of our own is asked.
 */
export const initialServers = String(new dns.Resolver().getServers());
