import { dnsClient } from './dns-query.js';
import { serviceLookup } from './service-lookup.js';

/** The system has no look-up for service records: they are asked for of the DNS servers that it names. */
export const systemServiceRecords = serviceLookup(dnsClient({}));
