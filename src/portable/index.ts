// The package without Node: for browsers, and wherever else JavaScript runs.
export { race, race as race$, type PortableRaceOptions } from './race.js';
export type { RacingOptions } from '../plan/racing-options.js';
export type { Nat64Options } from '../plan/nat64-options.js';
export type { ServiceOptions } from '../plan/service-options.js';
export { firstSuccess, type FirstSuccessOptions } from '../rx/first-success.js';

// answers
export { staticResolver, type StaticTable } from '../rx/static-resolver.js';
export type { Query, Resolver, ServiceLookup } from '../rx/resolver.js';
export type { AnyAnswer, Answer, ServiceAnswer } from '../core/race/answers.js';
export type { Scheme, ServiceRecord } from '../core/race/service-records.js';

// order
export { rfc6724, type GivenSourcesOptions } from './selection.js';
export { interleave, type Interleaving } from '../core/race/interleave.js';
export { defaultPolicyTable, type PolicyTableRow } from '../core/race/policy-table.js';
export type { FindSources } from '../core/race/source-selection.js';

// schedule
export { evolve, nextStart, schedule } from './schedule.js';
export type { Schedule } from '../core/race/schedule.js';

// attempts
export { byProtocol, type Transport } from '../rx/transport.js';
export { parseAddress, type Address, type Family } from '../core/address/address.js';
export { formatEndpoint, type Endpoint, type Service } from '../core/race/endpoint.js';

// what happened
export { inFlight } from '../core/race/events.js';
export type {
  Answered,
  Cancelled,
  Connected,
  Failed,
  Progressed,
  Queued,
  RaceEvent,
  Resolved,
  Stage,
  Started,
} from '../core/race/events.js';
export { ConnectionError, type ConnectionErrorReason } from '../core/race/connection-error.js';
export type { AttemptRecord } from '../core/race/attempt-records.js';

// pictures
export {
  htmlReport,
  marbleDiagram,
  timeline,
  waterfall,
  type HtmlReportOptions,
  type MarbleDiagramOptions,
  type TimelineColour,
  type TimelineOptions,
  type WaterfallOptions,
} from '../pictures/index.js';
export { raceRows, type Outcome, type RaceRows, type Row } from '../pictures/race-rows.js';
export { verdict, type Verdict } from '../pictures/verdict.js';

// a network in virtual time
export {
  connects,
  fails,
  hangs,
  refuses,
  unreachable,
  virtualNetwork,
  type ConnectingPlainFate,
  type PlainFate,
  type PlainNetwork,
  type PlainNetworkDescription,
  type PlainReport,
} from './kit.js';
export type { PlainConnection } from './plain-connection.js';
export type { After } from '../testing/after.js';
export type { Dns, HostDescription, HostRecords } from '../testing/virtual-resolver.js';
export type { AttemptEnd, AttemptStart, Leak, Lookup } from '../testing/report.js';
export { after, lost, nodata, nxdomain, servfail, type Replies, type Reply, type ServiceReplies } from '../testing/replies.js';
export { alias, service } from '../testing/service.js';
