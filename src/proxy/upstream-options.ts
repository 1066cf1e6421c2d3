import { Socket } from 'node:net';
import { ssrf, tcp, type ConnectorOptions, type ConnectOptions, type Filter, type SocketOptions } from '../index.js';
import type { ProxyRequest } from './events.js';
import { SocketWithIntake } from './intake.js';
import type { ProxySettings } from './options.js';

/** Options of one race. */
export type Override = ConnectOptions & { readonly partition?: string };

export const NOTHING: Override = Object.freeze({});

/** Options of the connector that all clients share: the filter, and the sockets of tunnels. */
export function connectorOptions(settings: ProxySettings): ConnectorOptions {
  const { race } = settings;
  const options = { ...race, ...allowed(race, settings) };
  return hasOwnSockets(race) || race.tls ? options : withSockets(options, SocketWithIntake);
}

/** The options of the race for a request: `override`, and replacements for options of the connector that do not fit the request. */
export function raceOptions(override: Override, { protocol }: ProxyRequest, { race }: ProxySettings): Override {
  // HTTPS records apply to requests over TLS.
  const isPlain = protocol === 'http' && Boolean(race.serviceRecords);
  const options = isPlain ? { ...override, serviceRecords: false as const } : override;
  if (hasOwnSockets(override)) return options;
  if (hasOwnSockets(race)) return options.tcp ? { ...options, tcp: halfOpen(options.tcp) } : options;
  // TLS and Node's HTTP client read their sockets themselves.
  const isRead = protocol === 'http' || Boolean(override.tls ?? race.tls);
  if (!isRead && !options.tcp) return options;
  return withSockets({ tcp: race.tcp, ...options } as ConnectOptions, isRead ? Socket : SocketWithIntake);
}

/**
 * The filter of a race. Because it replaces the connector's filter, it includes `publicOnly`.
 */
export function allowed({ filter: given }: Override, { race, publicOnly }: ProxySettings): { readonly filter?: Filter } {
  const filter = given ?? race.filter;
  if (!publicOnly) return filter ? { filter } : {};
  const isPublic = ssrf();
  return { filter: filter ? (endpoint) => isPublic(endpoint) && filter(endpoint) : isPublic };
}

function hasOwnSockets({ transport, socketFactory }: ConnectOptions): boolean {
  return Boolean(transport ?? socketFactory);
}

/** @throws TypeError, RangeError for invalid TCP options */
function withSockets({ tcp: given, ...others }: ConnectOptions, Kind: new (options: SocketOptions) => Socket): ConnectOptions {
  if (given !== undefined) tcp(given);
  const options = halfOpen(given);
  return { ...others, socketFactory: () => new Kind(options) } as ConnectOptions;
}

/** The directions of a tunnel end one by one. Nagle's algorithm is off because a proxy must not add a delay. */
function halfOpen(options?: SocketOptions): SocketOptions {
  return { noDelay: true, ...options, allowHalfOpen: true };
}
