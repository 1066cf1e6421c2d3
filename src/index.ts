export { connect, connect$, race$ } from './connect.js';
export type { ConnectOptions } from './options.js';
export { presets } from './presets.js';

// answers
export { systemResolver, type LookupFunction, type SystemResolverOptions } from './node/lookup.js';
export { staticResolver, type StaticTable } from './rx/static-resolver.js';
export type { Query, Resolver } from './rx/resolve.js';
export type { Answer } from './core/answers.js';

// attempts
export { tcp, type SocketOptions, type TcpOptions } from './node/tcp.js';
export type { Transport } from './rx/race.js';
export type { Family } from './core/address.js';
export { formatEndpoint, type Endpoint } from './core/endpoint.js';

// what happened
export type { Answered, Cancelled, Connected, Failed, Queued, RaceEvent, Resolved, Started } from './core/events.js';
export { ConnectionError, type AttemptRecord, type ConnectionErrorReason } from './core/errors.js';
export { timeline, type TimelineOptions } from './core/timeline.js';
