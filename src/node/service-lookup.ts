import { catchError, map, mergeMap, of, type Observable } from 'rxjs';
import { codedError } from '../core/error-tools.js';
import type { AnyAnswer, Answer } from '../core/race/answers.js';
import { serviceRecords, type ServiceRecord } from '../core/race/service-records.js';
import type { ServiceLookup } from '../rx/resolver.js';
import { answerFrom, type DnsAnswer } from './dns-answer.js';
import { RECORD_TYPES } from './dns-message.js';
import { queryRecords, type DnsClient } from './dns-query.js';

/**
 * Queries DNS servers for HTTPS records. Never errors: a malformed answer or a failed query is a negative answer with the reason
 * as its `error`.
 */
export function serviceLookup(client: DnsClient): ServiceLookup {
  return (name) =>
    queryRecords(name, 'HTTPS', client).pipe(
      map((answer): { answer: DnsAnswer<Uint8Array>; records: readonly ServiceRecord[] } => ({
        answer,
        records: serviceRecords(answer.data),
      })),
      mergeMap(({ answer, records }): AnyAnswer[] => {
        if (records.length === 0) return [negative(codedError('ENODATA', `${name} has no HTTPS record that can be used`))];
        return [...addressesAlong(records, answer), { type: 'HTTPS', records, ttl: answer.ttl! }];
      }),
      catchError((error: Error): Observable<AnyAnswer> => of(negative(error))),
    );
}

function negative(error: Error): AnyAnswer {
  return { type: 'HTTPS', records: [], error };
}

/** The addresses of targets in the additional section. */
function addressesAlong(records: readonly ServiceRecord[], { additional }: DnsAnswer<Uint8Array>): Answer[] {
  const targets = new Set(records.map(({ target }) => target).filter((target) => target !== '.'));
  return [...targets].flatMap((name) =>
    (['AAAA', 'A'] as const).flatMap((type): Answer[] => {
      const found = answerFrom({ name, type: RECORD_TYPES[type] }, additional);
      return found ? [{ type, name, addresses: found.data as readonly string[], ttl: found.ttl! }] : [];
    }),
  );
}
