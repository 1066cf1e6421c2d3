import { Socket } from 'node:net';
import { ssrf, tcp, type ConnectorOptions, type ConnectOptions, type Filter, type SocketOptions } from '../index.js';
import type { ProxyRequest } from './events.js';
import { socketWithIntake } from './intake.js';
import type { ProxySettings } from './options.js';

/** Options of one race. */
export type Override = ConnectOptions & { readonly partition?: string };

export const NOTHING: Override = Object.freeze({});

/** Options of the connector that all clients share: where it may lead, and the sockets of tunnels. */
export function connectorOptions(settings: ProxySettings): ConnectorOptions {
  const { race } = settings;
  const options = { ...race, ...allowed(race, settings) };
  return hasOwnSockets(race) || race.tls ? options : withSockets(options, socketWithIntake);
}

/** The options of the race for a request: `override`, and what the connector's own do not fit. */
export function raceOptions(override: Override, { protocol }: ProxyRequest, { race }: ProxySettings): Override {
  // HTTPS records are for what is asked for over TLS.
  const isPlain = protocol === 'http' && Boolean(race.serviceRecords);
  const options = isPlain ? { ...override, serviceRecords: false as const } : override;
  if (hasOwnSockets(override)) return options;
  if (hasOwnSockets(race)) return options.tcp ? { ...options, tcp: halfOpen(options.tcp) } : options;
  // A stream of TLS, and a client of HTTP, read their sockets themselves.
  const isRead = protocol === 'http' || Boolean(override.tls ?? race.tls);
  if (!isRead && !options.tcp) return options;
  return withSockets({ tcp: race.tcp, ...options } as ConnectOptions, isRead ? (given) => new Socket(given) : socketWithIntake);
}

/**
 * Where a race may lead, as options of it: they take the place of the connector's, so that what must hold for all has to be
 * said again.
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

/** @throws TypeError, RangeError for options of TCP that make no sense */
function withSockets({ tcp: given, ...others }: ConnectOptions, create: (options: SocketOptions) => Socket): ConnectOptions {
  if (given !== undefined) tcp(given);
  const options = halfOpen(given);
  return { ...others, socketFactory: () => create(options) } as ConnectOptions;
}

/** Sockets whose directions end one by one, without Nagle's algorithm: a proxy must not add a delay. */
function halfOpen(options?: SocketOptions): SocketOptions {
  return { noDelay: true, ...options, allowHalfOpen: true };
}
