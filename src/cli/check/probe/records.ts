import { catchError, defer, filter, forkJoin, map, of, type Observable } from 'rxjs';
import { parseAddress } from '../../../core/address/address.js';
import { serviceRecordName, serviceRecords } from '../../../core/race/service-records.js';
import type { DnsAnswer } from '../../../node/dns-answer.js';
import { dnsQuery } from '../../../node/dns-query.js';
import { hostsFile, systemHostsFile } from '../../../node/hosts-file.js';
import { knownAnswers } from '../../../rx/resolve.js';
import { failure, type Probing } from './probing.js';
import type { AddressRecords, Records, ServiceRecords } from '../report.js';
import type { Target } from '../targets.js';

const listedAddresses = hostsFile(systemHostsFile);

/** All records of a host that matter for a connection. */
export function recordsReport({ host, port }: Target, tls: boolean, probing: Probing): Observable<Records> {
  return forkJoin({
    AAAA: addressRecords(host, 'AAAA', probing),
    A: addressRecords(host, 'A', probing),
    HTTPS: tls && !isKnown(host) ? httpsRecords(serviceRecordName(host, port), probing) : of(null),
  });
}

/** Whether this machine knows a name itself, so that no DNS query is made. */
function isKnown(host: string): boolean {
  return knownAnswers(host) !== undefined || listedAddresses(host).length > 0;
}

/**
 * The addresses from `localhost`, the hosts file or the DNS, in this order as in a race. Both families are queried, even if the machine
 * has only one.
 */
export function addressRecords(host: string, type: 'AAAA' | 'A', probing: Probing): Observable<AddressRecords> {
  const known = { name: host, aliases: [], ttl: null, time: null, error: null };
  const answers$ = knownAnswers(host);
  if (answers$) {
    return answers$.pipe(
      filter((answer) => answer.type === type),
      map(({ addresses }) => ({ ...known, source: 'localhost', addresses })),
    );
  }
  const listed = listedAddresses(host);
  if (listed.length > 0) {
    const addresses = listed.filter(({ family }) => family === (type === 'AAAA' ? 6 : 4)).map(({ address }) => address);
    return of({ ...known, source: 'hosts file', addresses });
  }
  return timed(host, type, probing, ({ data }) => data.map((text) => recorded(text, type))).pipe(
    map(({ found, ...question }) => ({ ...question, source: 'DNS', addresses: [...new Set(found)] })),
  );
}

/** The address as the record has it. Parsing would turn an IPv4-mapped address into an IPv4 address. */
function recorded(text: string, type: 'AAAA' | 'A'): string {
  const { address, family } = parseAddress(text)!;
  return type === 'AAAA' && family === 4 ? `::ffff:${address}` : address;
}

function httpsRecords(name: string, probing: Probing): Observable<ServiceRecords> {
  const read = ({ data }: DnsAnswer<Uint8Array>) =>
    serviceRecords(data).map(({ ech, ...record }) => ({ ...record, ech: ech !== undefined }));
  return timed(name, 'HTTPS', probing, read).pipe(map(({ found, ...question }) => ({ ...question, records: found })));
}

function timed<Type extends 'AAAA' | 'A' | 'HTTPS', Found>(
  name: string,
  type: Type,
  { query, stopwatch }: Probing,
  read: (answer: DnsAnswer<Type extends 'HTTPS' ? Uint8Array : string>) => readonly Found[],
) {
  return defer(() => {
    const elapsed = stopwatch();
    return dnsQuery(name, type, query).pipe(
      map((answer) => {
        const found = read(answer as Parameters<typeof read>[0]);
        return { name, aliases: answer.aliases, ttl: answer.ttl ?? null, time: elapsed(), error: null, found };
      }),
      catchError((error: Error) =>
        of({ name, aliases: [] as string[], ttl: null, time: elapsed(), error: failure(error), found: [] as Found[] }),
      ),
    );
  });
}
