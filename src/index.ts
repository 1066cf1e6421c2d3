export { connect, connect$, connection$, race$ } from './connect.js';
export type { ConnectOptions, TlsConnectOptions } from './plan/connect-options.js';
export type { RaceOptions } from './plan/options.js';
export { createConnector, type Connector, type ConnectorOptions } from './connector/connector.js';
export type { ConnectorRace } from './connector/watched-races.js';
export { fileHistory, type FileHistoryOptions } from './connector/file-history.js';
export type { HistoryStore } from './connector/history-store.js';
export type { HistoryOptions } from './connector/path-history.js';
export type { Snapshot } from './core/race/snapshot.js';
export type { PathRecord } from './core/race/path-records.js';
export { presets } from './plan/presets.js';
export { RaceSocket, type RaceSocketOptions } from './stand-in/race-socket.js';
export type { StandInOptions } from './stand-in/racing.js';
export { firstSuccess, type FirstSuccessOptions } from './rx/first-success.js';

// answers
export { systemResolver, type LookupFunction, type SystemResolverOptions } from './node/system-resolver.js';
export { dnsResolver, type DnsResolverOptions } from './node/dns-resolver.js';
export { cached } from './node/cached.js';
export type { CachedResolver, CacheOptions } from './rx/cache.js';
export { staticResolver, type StaticTable } from './rx/static-resolver.js';
export type { Query, Resolver, ServiceLookup } from './rx/resolver.js';
export type { AnyAnswer, Answer, ServiceAnswer } from './core/race/answers.js';
export type { Scheme, ServiceRecord } from './core/race/service-records.js';
export { serviceResolver, type ServiceResolverOptions } from './node/service-resolver.js';
export { servicePlaces, type ServicePlacesOptions } from './node/service-places.js';
export type { ServicePlace } from './core/race/services.js';
export type { Nat64Options } from './plan/nat64-options.js';
export type { ServiceOptions } from './plan/service-options.js';

// order
export { rfc6724, type AddressSelectionOptions } from './node/address-selection.js';
export type { FindSources } from './node/source-address.js';
export { defaultPolicyTable, type PolicyTableRow } from './core/race/policy-table.js';

// attempts
export { tcp, type SocketOptions, type TcpOptions } from './node/tcp.js';
export { tls, type SessionSlot, type TlsOptions } from './node/tls.js';
export type { Setup } from './node/setup.js';
export { ssrf, type Filter } from './node/filter.js';
export { byProtocol, type Transport } from './rx/transport.js';
export type { Address, Family } from './core/address/address.js';
export { formatEndpoint, type Endpoint, type Service } from './core/race/endpoint.js';

// what happened
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
} from './core/race/events.js';
export { ConnectionError, type ConnectionErrorReason } from './core/race/connection-error.js';
export type { AttemptRecord } from './core/race/attempt-records.js';
// to 1.0: from `rx-happy-eyeballs/pictures`
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
} from './pictures/index.js';
export type { AttemptContext, RaceContext } from './observe/channels.js';
