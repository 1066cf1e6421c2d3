import type { Socket } from 'node:net';
import { dialled, type Endpoint } from '../core/race/endpoint.js';
import { filtered } from '../node/filter.js';
import { destroy } from '../rx/destroy.js';
import { prepared } from '../node/setup.js';
import { secureContextOf } from '../node/secure-context.js';
import { socketsWith, tcpFrom } from '../node/tcp.js';
import { ownTlsOptions, tls, tlsIdentity, type SessionSlot } from '../node/tls.js';
import { oncePerSettings, type Settings } from './options.js';
import type { RacePlan } from '../rx/race-plan.js';
import { takesSocketOptions, WITH_SOCKET_OPTIONS, type Transport } from '../rx/transport.js';

/** How the attempts of a race connect, and how to dispose of a connection that has no receiver. */
export interface Connecting<T> extends Pick<RacePlan<T>, 'transport' | 'protocol' | 'discard'> {
  /** The parts of a connection: the value of its attempt, and the underlying connection of its setup. */
  readonly parts: (value: T, endpoint: Endpoint) => readonly unknown[];
}

/**
 * The stages of an attempt, from the options: filters, TCP, TLS, the caller's setup.
 *
 * @param host the name that a certificate must be valid for
 * @throws for invalid TLS options
 */
export function connecting<T>(settings: Settings<T>, host: string, slot?: SessionSlot): Connecting<T> {
  // A certificate belongs to one host, and the connections of a setup to one race. The rest depends on the settings only.
  if (settings.tls !== undefined || settings.setup) return stagesOf(settings, host, slot);
  return withoutHost(settings) as Connecting<T>;
}

const withoutHost = oncePerSettings((settings) => stagesOf(settings, '') as unknown);

function stagesOf<T>(settings: Settings<T>, host: string, slot?: SessionSlot): Connecting<T> {
  const connection = byNat64(ownTransport(settings) ?? socketTransport(settings, host, slot));
  const protocol = settings.transport ? undefined : 'tcp';
  const { setup, isTerminal = () => false } = settings;
  if (!setup) return { transport: filtered(connection as Transport<T>, settings), protocol, discard: destroy, parts: alone };

  /** The connections of finished setups, since a result may or may not hold its connection. */
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

/** The caller's, with the options of sockets where it takes them. */
function ownTransport<T>({ transport, tcp }: Settings<T>): Transport<unknown> | undefined {
  return tcp && takesSocketOptions(transport) ? transport[WITH_SOCKET_OPTIONS](tcp) : transport;
}

/** Dials the NAT64 address in place of an IPv4 address, of which everything else knows only the latter. */
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

const alone = (value: unknown) => [value];
