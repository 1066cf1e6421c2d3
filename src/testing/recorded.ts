import type { Socket } from 'node:net';
import { Observable } from 'rxjs';
import { codedError } from '../core/error-tools.js';
import type { Endpoint } from '../core/race/endpoint.js';
import type { Stage } from '../core/race/events.js';
import type { AnyAnswer } from '../core/race/answers.js';
import type { Transport } from '../rx/transport.js';
import type { Resolver } from '../rx/resolver.js';
import type { Recorder } from './recorder.js';
import type { AttemptLog, Lookup } from './report.js';

/** A resolver whose look-ups are written down, those for service records as well. */
export function recordedResolver(source: Resolver, records: Recorder): Resolver {
  const addresses: Resolver = (host, query = {}) =>
    recorded(() => source(host, query), { host, ...(query.family !== undefined && { family: query.family }) }, records);
  const { serviceRecords } = source;
  if (!serviceRecords) return addresses;
  return Object.assign(addresses, {
    serviceRecords: (host: string) => recorded(() => serviceRecords(host), { host, type: 'HTTPS' }, records),
  });
}

/** The answers of a look-up, which is written down. */
function recorded<A extends AnyAnswer>(
  ask: () => Observable<A>,
  { host, ...what }: Omit<Lookup, 'at'>,
  records: Recorder,
): Observable<A> {
  return new Observable((subscriber) => {
    // A name that a record leads to is asked for as a complete one.
    const name = host.replace(/\.$/, '');
    const named = name === host && what.type === undefined ? {} : { name };
    const lookup = records.asked({ host: name, ...what });
    subscriber.add(() => {
      records.resolved(lookup, 'cancelled');
    });
    return ask().subscribe({
      next: (answer) => {
        records.answered({ ...answer, ...named });
        subscriber.next(answer);
      },
      error: (error: unknown) => {
        records.resolved(lookup, 'failed', error);
        subscriber.error(error);
      },
      complete: () => {
        records.resolved(lookup, 'answered');
        subscriber.complete();
      },
    });
  });
}

/** What becomes of an attempt, as a stream of its connection. */
export type Play = (log: AttemptLog, endpoint: Endpoint, progressed: (stage: Stage) => void) => Observable<unknown>;

/** A transport whose attempts are written down. */
export function recordedTransport(play: Play, records: Recorder): Transport<Socket> {
  return (endpoint, progressed) =>
    new Observable((subscriber) => {
      const log = records.started(endpoint);
      subscriber.add(() => {
        records.ended(log, { type: 'cancelled' });
      });
      const failed = (error: unknown) => {
        records.ended(log, { type: 'failed', error });
        subscriber.error(error);
      };
      const advanced = (stage: Stage) => {
        records.progressed(log, stage);
        progressed?.(stage);
      };
      try {
        return play(log, endpoint, advanced).subscribe({
          next: (value) => {
            records.ended(log, { type: 'connected', value });
            subscriber.next(value as Socket);
          },
          error: failed,
          complete: () => {
            records.ended(log, { type: 'failed', error: codedError('ECONNABORTED', 'it ended without a connection') });
            subscriber.complete();
          },
        });
      } catch (error) {
        failed(error);
        return undefined;
      }
    });
}
