import dns from 'node:dns';

/**
 * What the system names when this module is loaded. `dns.getServers` names the same for as long as the process lives, whatever
 * happens to resolv.conf, unless the program sets others: also before this module was loaded, which is why a resolver of its
 * own is asked here.
 */
export const initialServers = String(new dns.Resolver().getServers());
