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

/** Everything that a race needs, each stage a value. Durations in ms of the scheduler's time. */
export interface RacePlan<T> {
  readonly host: string;
  readonly port: number;
  readonly family: 0 | Family;
  /** The only endpoint there can be, known without asking and tried without waiting: the host is its address. */
  readonly only?: Endpoint;
  /** Asks the resolver: once for each question, of which a race may have several. `name`: default the host. */
  readonly answers: (query: Query, name?: string) => ObservableInput<Answer>;
  /** Present where the race goes by service records. */
  readonly services?: ServicePlan;
  /** Present where IPv6 addresses may stand for IPv4 ones. */
  readonly translation?: Translation;
  /** Called with a message for everything that is dropped from a malformed answer. */
  readonly complain: (complaint: string) => void;
  /** Asked whenever addresses have come, for all of them. */
  readonly sort: (endpoints: readonly Endpoint[]) => readonly Endpoint[] | Observable<readonly Endpoint[]>;
  readonly interleaving: Interleaving;
  readonly pacing: Pacing;
  readonly transport: Transport<T>;
  /** What the transport connects by, where that is known. */
  readonly protocol?: 'tcp';
  /** Ends a value that was won when its subscriber has left. */
  readonly discard: (value: T, endpoint: Endpoint) => void;
  readonly attemptTimeout: number;
  readonly connectTimeout: number;
  readonly signal?: AbortSignal;
  readonly scheduler: SchedulerLike;
}

/** What a race that goes by service records needs besides. */
export interface ServicePlan {
  readonly terms: ServiceTerms;
  /** Asks for the HTTPS records of a name. May bring addresses of the names to which they lead as well, and these first. */
  readonly records: (name: string) => ObservableInput<AnyAnswer>;
  readonly drops: Drops;
}

/** Whether queries for service records are answered here, learnt from race to race. */
export interface Drops {
  /** So many have not been answered lately that nothing waits for the next. */
  readonly isUnanswered: () => boolean;
  readonly hasAnswered: () => void;
  /** One has cost a race its whole Resolution Delay. */
  readonly hasDropped: () => void;
}
