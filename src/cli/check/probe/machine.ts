import { readFileSync } from 'node:fs';
import { endianness, networkInterfaces } from 'node:os';
import { catchError, defer, map, of, type Observable } from 'rxjs';
import { parseAddress } from '../../../core/address/address.js';
import { errorCode, NOTHING_THERE } from '../../../core/error-tools.js';
import { formatPrefix, IPV4_ONLY, nat64Prefixes } from '../../../core/address/nat64.js';
import { reachesOthers, type Interfaces } from '../../../node/connectivity.js';
import { dnsQuery } from '../../../node/dns-query.js';
import { failure, type Probing } from './probing.js';
import { ipv4DefaultRoutes, ipv6DefaultRoutes } from './routes.js';
import type { DefaultRoute, MachineReport } from '../report.js';

/** Reports on this machine and its network. */
export function machineReport(probing: Probing): Observable<MachineReport> {
  return defer(() => {
    const here = { addresses: addressesIn(networkInterfaces()), routes: systemRoutes() };
    return nat64Report(probing).pipe(map((nat64) => ({ ...here, nat64 })));
  });
}

/** The addresses that can reach other machines, IPv6 first. */
export function addressesIn(interfaces: Interfaces): MachineReport['addresses'] {
  const addresses = Object.entries(interfaces).flatMap(([name, infos]) =>
    (infos ?? []).filter(reachesOthers).map((info) => ({ ...parseAddress(info.address)!, interface: name })),
  );
  return addresses.sort((a, b) => b.family - a.family);
}

/** The default routes; `null` unless the system is Linux, which shows them without another program. */
function systemRoutes(): readonly DefaultRoute[] | null {
  if (process.platform !== 'linux') return null;
  const [ipv6, ipv4] = ['/proc/net/ipv6_route', '/proc/net/route'].map(contents);
  // A system without IPv6 has no table for it.
  return ipv4 === null ? null : [...ipv6DefaultRoutes(ipv6 ?? ''), ...ipv4DefaultRoutes(ipv4!, endianness())];
}

function contents(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

function nat64Report({ query, stopwatch }: Probing): Observable<MachineReport['nat64']> {
  const elapsed = stopwatch();
  return dnsQuery(IPV4_ONLY, 'AAAA', query).pipe(
    map(({ data }) => ({ prefixes: nat64Prefixes(data).map(formatPrefix), time: elapsed(), error: null })),
    catchError((error: Error) => {
      const known = NOTHING_THERE.has(errorCode(error) ?? '');
      return of({ prefixes: [], time: elapsed(), error: known ? null : failure(error) });
    }),
  );
}
