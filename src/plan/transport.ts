import { Socket } from 'node:net';
import { dialled, type Endpoint } from '../core/race/endpoint.js';
import { filtered } from '../node/filter.js';
import { destroy } from '../node/life.js';
import { prepared } from '../node/setup.js';
import { secureContextOf } from '../node/secure-context.js';
import { tcpFrom, type SocketOptions } from '../node/tcp.js';
import { ownTlsOptions, tls, tlsIdentity, type SessionSlot } from '../node/tls.js';
import { oncePerSettings, type Settings } from './options.js';
import type { RacePlan } from '../rx/race-plan.js';
import type { Transport } from '../rx/transport.js';

/** How the attempts of a race connect, and what ends a connection that nobody is left to receive. */
export interface Connecting<T> extends Pick<RacePlan<T>, 'transport' | 'protocol' | 'discard'> {
  /** What a connection consists of: the value of its attempt, and beneath that what its setup had. */
  readonly parts: (value: T, endpoint: Endpoint) => readonly unknown[];
}

/**
 * The stages of an attempt, as the options have them: filters, TCP, TLS, the caller's setup.
 *
 * @param host for whose name a certificate must be
 * @throws for TLS options that make no sense
 */
export function connecting<T>(settings: Settings<T>, host: string, slot?: SessionSlot): Connecting<T> {
  // A certificate is for one host, and a setup's connections are of one race; the rest follows from the settings alone.
  if (settings.tls !== undefined || settings.setup) return stagesOf(settings, host, slot);
  return withoutHost(settings) as Connecting<T>;
}

const withoutHost = oncePerSettings((settings) => stagesOf(settings, '') as unknown);

function stagesOf<T>(settings: Settings<T>, host: string, slot?: SessionSlot): Connecting<T> {
  const connection = byNat64(settings.transport ?? socketTransport(settings, host, slot));
  const protocol = settings.transport ? undefined : 'tcp';
  const { setup, isTerminal = () => false } = settings;
  if (!setup) return { transport: filtered(connection as Transport<T>, settings), protocol, discard: destroy, parts: alone };

  /** What the setups had that are done: a result may hold its connection, or not. */
  const connections = new WeakMap<Endpoint, unknown>();
  const done = (endpoint: Endpoint, connection: unknown) => connections.set(endpoint, connection);
  const parts = (value: T, endpoint: Endpoint) => [value, connections.get(endpoint)];
  return {
    transport: filtered(prepared(connection, { setup, isTerminal, discard: destroy, done }), settings),
    protocol,
    discard: (value, endpoint) => {
      for (const part of parts(value, endpoint)) destroy(part);
    },
    parts,
  };
}

/** What stands for an IPv4 address in this network is dialled in its place; all else knows the IPv4 address. */
function byNat64<T>(transport: Transport<T>): Transport<T> {
  return (endpoint, progressed) => transport(dialled(endpoint), progressed);
}

function socketTransport<T>(settings: Settings<T>, host: string, slot?: SessionSlot): Transport<Socket> {
  const { tls: tlsGiven, tcp: tcpOptions, localAddress, localPort, socketFactory } = settings;
  const connection = tcpFrom({ localAddress, localPort }, socketFactory ?? socketsWith(tcpOptions));
  if (!tlsGiven) return connection;
  if (tlsGiven === true) return tls(tlsIdentity(host), connection, slot);
  const tlsOptions = ownTlsOptions(tlsGiven);
  const secureContext = tlsOptions.secureContext ?? slot?.secureContext ?? secureContextOf(tlsOptions);
  return tls({ ...tlsIdentity(host), ...tlsOptions, secureContext }, connection, slot);
}

function socketsWith(options: SocketOptions | undefined): () => Socket {
  if (!options) return newSocket;
  const own = { ...options }; // the caller's may change before the race begins
  return () => new Socket(own);
}

const newSocket = () => new Socket();

const alone = (value: unknown) => [value];
