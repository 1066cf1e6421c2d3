import type { Observable } from 'rxjs';
import { IPV4_ONLY } from '../core/address/nat64.js';
import type { DnsAnswer } from './dns-answer.js';
import { dnsClient, queryRecords } from './dns-query.js';

/** Queries this machine's DNS servers. They belong to the network; servers elsewhere would not know its NAT64. */
export function askIpv4Only(): Observable<DnsAnswer<string>> {
  return queryRecords(IPV4_ONLY, 'AAAA', dnsClient({}));
}
