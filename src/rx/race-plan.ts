import type { Observable, ObservableInput, SchedulerLike } from 'rxjs';
import type { Family } from '../core/address/address.js';
import type { AnyAnswer, Answer } from '../core/race/answers.js';
import type { Endpoint } from '../core/race/endpoint.js';
import type { ServiceTerms } from '../core/race/services.js';
import type { Translation } from '../core/race/known-endpoints.js';
import type { Interleaving } from '../core/race/interleave.js';
import type { Pacing } from '../core/race/schedule.js';
import type { Query } from './resolver.js';
import type { Transport } from './transport.js';

/** Everything that a race needs, one property per stage. Durations are in ms of the scheduler's time. */
export interface RacePlan<T> {
  readonly host: string;
  readonly port: number;
  readonly family: 0 | Family;
  /** The only possible endpoint, if the host is an IP address: it is known at once and needs no waiting. */
  readonly only?: Endpoint;
  /** Queries the resolver. A race may do so several times. `name`: default the host. */
  readonly answers: (query: Query, name?: string) => ObservableInput<Answer>;
  /** Present if the race uses service records. */
  readonly services?: ServicePlan;
  /** Present if IPv6 addresses may represent IPv4 ones (NAT64). */
  readonly translation?: Translation;
  /** Called with a message for everything that is dropped from a malformed answer. */
  readonly complain: (complaint: string) => void;
  /** Sorts all known endpoints; called whenever addresses arrive. */
  readonly sort: (endpoints: readonly Endpoint[]) => readonly Endpoint[] | Observable<readonly Endpoint[]>;
  readonly interleaving: Interleaving;
  readonly pacing: Pacing;
  readonly transport: Transport<T>;
  /** The transport's protocol, if known. */
  readonly protocol?: 'tcp';
  /** Disposes of a winner whose subscriber has left. */
  readonly discard: (value: T, endpoint: Endpoint) => void;
  readonly attemptTimeout: number;
  readonly connectTimeout: number;
  readonly signal?: AbortSignal;
  readonly scheduler: SchedulerLike;
}

/** What a race with service records needs in addition. */
export interface ServicePlan {
  readonly terms: ServiceTerms;
  /** Queries the HTTPS records of a name. May first emit addresses of their targets. */
  readonly records: (name: string) => ObservableInput<AnyAnswer>;
  readonly drops: Drops;
}

/** Learns from race to race whether this network answers queries for service records. */
export interface Drops {
  /** Whether recent queries went unanswered, so that races no longer wait for them. */
  readonly isUnanswered: () => boolean;
  readonly hasAnswered: () => void;
  /** Records that a query cost a race its whole Resolution Delay. */
  readonly hasDropped: () => void;
}
