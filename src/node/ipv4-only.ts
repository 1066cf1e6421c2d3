import type { Observable } from 'rxjs';
import { IPV4_ONLY } from '../core/address/nat64.js';
import type { DnsAnswer } from './dns-answer.js';
import { dnsClient, queryRecords } from './dns-query.js';

/** Asks the DNS servers of this machine, which are the network's own: another's would know nothing of its NAT64. */
export function askIpv4Only(): Observable<DnsAnswer<string>> {
  return queryRecords(IPV4_ONLY, 'AAAA', dnsClient({}));
}
