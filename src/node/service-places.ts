import { EMPTY, defer, filter, mergeMap, of, take, defaultIfEmpty, type Observable } from 'rxjs';
import { invalidType } from '../core/input/argument-errors.js';
import { callable, checkEach, oneOf, string, type Checks } from '../core/input/checks.js';
import type { ServiceAnswer } from '../core/race/answers.js';
import type { Scheme } from '../core/race/service-records.js';
import { Services, type ServicePlace } from '../core/race/services.js';
import { debug } from '../observe/debug.js';
import type { Resolver } from '../rx/resolver.js';
import { dnsResolver } from './dns-resolver.js';

/** Options of {@link servicePlaces}. */
export interface ServicePlacesOptions {
  /** Default `https`. */
  readonly scheme?: Scheme | undefined;
  /** The client's protocols. Default: h2 and HTTP/1.1. */
  readonly alpn?: readonly string[] | undefined;
  /** Used for service records only. Default: `dnsResolver()`. */
  readonly resolver?: Resolver | undefined;
}

/**
 * Finds the names and ports that offer a service, from its HTTPS records only. It looks up no addresses, for use with a proxy that
 * resolves names itself. Follows aliases. Emits the places, best first and the host itself last, and completes. Never errors:
 * without records, the host is the only place.
 *
 * @throws TypeError at the call, for invalid options
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc9460#section-3.2 RFC 9460 section 3.2}
 */
export function servicePlaces(
  host: string,
  port: number,
  options: ServicePlacesOptions = {},
): Observable<readonly ServicePlace[]> {
  checkEach('options', options, SERVICE_PLACES_CHECKS);
  const { scheme = 'https', alpn = ['h2', 'http/1.1'], resolver = dnsResolver() } = options;
  const lookup = resolver.serviceRecords ?? (() => EMPTY);
  return defer(() => {
    const services = new Services({
      host,
      port,
      family: 0,
      scheme,
      alpn,
      hints: 'untilAnswered',
      pacing: { preferredFamily: 6, resolutionDelay: 0 },
      random: Math.random,
      complain: debug,
    });
    const next = (): Observable<readonly ServicePlace[]> => {
      const question = services.questions().find(({ type }) => type === 'HTTPS');
      if (!question) return of(services.places);
      return lookup(question.name).pipe(
        filter((answer) => answer.type === 'HTTPS'),
        take(1),
        defaultIfEmpty<ServiceAnswer, ServiceAnswer>({ type: 'HTTPS', records: [] }),
        mergeMap((answer) => {
          services.fold({ type: 'answered', at: 0, answer: { ...answer, name: question.name } });
          return next();
        }),
      );
    };
    return next();
  });
}

const SERVICE_PLACES_CHECKS: Checks<ServicePlacesOptions> = {
  scheme: oneOf('https', 'wss', 'http', 'ws'),
  alpn: (name, value) => {
    if (!Array.isArray(value)) throw invalidType(name, 'an array of protocols', value);
    value.forEach((one) => {
      string(name, one);
    });
  },
  resolver: callable,
};
