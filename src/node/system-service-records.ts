import { dnsClient } from './dns-query.js';
import { serviceLookup } from './service-lookup.js';

/** The system has no look-up for service records, so its DNS servers are queried directly. */
export const systemServiceRecords = serviceLookup(dnsClient({}));
