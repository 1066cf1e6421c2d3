export { virtualNetwork } from './node-network.js';
export type {
  DialOptions,
  NetworkDescription,
  Program,
  RaceInput,
  RunOptions,
  VirtualNetwork,
  VirtualSocketOptions,
} from './virtual-network.js';

// DNS
export type { Dns, HostDescription, HostRecords } from './virtual-resolver.js';
export {
  after,
  lost,
  nodata,
  nxdomain,
  servfail,
  type MarbleReplies,
  type Replies,
  type Reply,
  type ServiceReplies,
} from './replies.js';
export { alias, service } from './service.js';
export type { After } from './after.js';

// endpoints
export type { Endpoints } from './endpoints.js';
export {
  behaves,
  connects,
  fails,
  flaky,
  hangs,
  refuses,
  unreachable,
  type ConnectingFate,
  type Fate,
  type FateOfAttempt,
  type ServedConnection,
  type Server,
  type TimedFate,
} from './fates.js';

// what happened
export type { AttemptEnd, AttemptStart, Leak, Lookup, NetworkReport, RunReport } from './report.js';

// expectations, for every test runner
export { assertMarbles } from './assert-marbles.js';
export { expectAttempts } from './expect-attempts.js';
export { expectRace, type Outcome, type RaceTable } from './expect-race.js';
export { explore } from './explore.js';
export type { Exploration, ExploreOptions } from './explore-options.js';
export { ExplorationError } from './exploration-error.js';
