export { connect, connect$, race$ } from './connect.js';
export type { ConnectOptions, RaceOptions, TlsConnectOptions } from './options.js';
export { createConnector, type Connector, type ConnectorOptions } from './connector.js';
export type { HistoryOptions, HistoryStore, Snapshot } from './history.js';
export type { PathRecord } from './core/history.js';
export { presets } from './presets.js';
export { RaceSocket, type StandInOptions } from './race-socket.js';
export { firstSuccess, type FirstSuccessOptions } from './rx/first-success.js';

// answers
export { systemResolver, type LookupFunction, type SystemResolverOptions } from './node/lookup.js';
export { dnsResolver, type DnsResolverOptions } from './node/dns.js';
export { cached, type CachedResolver, type CacheOptions } from './rx/cached.js';
export { staticResolver, type StaticTable } from './rx/static-resolver.js';
export type { Query, Resolver } from './rx/resolve.js';
export type { Answer } from './core/answers.js';

// order
export { rfc6724, type AddressSelectionOptions } from './node/address-selection.js';
export type { FindSources } from './node/source-address.js';
export { defaultPolicyTable, type Policy } from './core/policy-table.js';

// attempts
export { tcp, type SocketOptions, type TcpOptions } from './node/tcp.js';
export { tls, type SessionSlot, type TlsOptions } from './node/tls.js';
export type { Setup } from './node/setup.js';
export { ssrf, type Filter } from './node/filter.js';
export type { Transport } from './rx/race.js';
export type { Address, Family } from './core/address.js';
export { formatEndpoint, type Endpoint } from './core/endpoint.js';

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
} from './core/events.js';
export { ConnectionError, type AttemptRecord, type ConnectionErrorReason } from './core/errors.js';
export { timeline, type TimelineColour, type TimelineOptions } from './pictures/timeline.js';
export { marbleDiagram, type MarbleDiagramOptions } from './pictures/marble-diagram.js';
export { waterfall, type WaterfallOptions } from './pictures/waterfall.js';
export { htmlReport, type HtmlReportOptions } from './pictures/html-report.js';
export type { AttemptContext, RaceContext } from './observe/channels.js';
