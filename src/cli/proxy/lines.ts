import { formatDuration } from '../../core/format-duration.js';
import { printable } from '../../core/input/printable.js';
import { formatDestination, formatEndpoint, type Endpoint } from '../../core/race/endpoint.js';
import type { Client, Closed, ProxyEvent, ProxyRequest, Refused } from '../../proxy/index.js';

/** A request of a connection, and its result. */
interface Entry {
  readonly request?: ProxyRequest;
  attempts: number;
  winner?: { readonly endpoint: Endpoint; readonly after: number };
  refusal?: Refused;
}

/** A closed connection with its requests. */
export interface Log {
  readonly closed: Closed;
  readonly entries: readonly Entry[];
  /** The number of further requests, which are not kept. */
  readonly more: number;
}

/** How many requests of a connection are kept. */
const MOST_ENTRIES = 20;

/**
 * Groups the events of a proxy by connection.
 *
 * @param over called for each connection that has closed
 * @returns takes each event
 */
export function collectConnections(over: (log: Log) => void): (event: ProxyEvent) => void {
  const open = new Map<number, { entries: Entry[]; more: number }>();
  return (event) => {
    if (event.type === 'listening') return;
    const { connection } = event;
    const log = open.get(connection) ?? { entries: [], more: 0 };
    const entryOf = (request?: ProxyRequest) => log.entries.findLast((entry) => entry.request === request);
    const add = (entry: Entry) => {
      if (log.entries.length < MOST_ENTRIES) log.entries.push(entry);
      else log.more++;
    };
    if (event.type === 'accepted') open.set(connection, log);
    else if (event.type === 'requested') add({ request: event.request, attempts: 0 });
    else if (event.type === 'refused') {
      const entry = event.request && entryOf(event.request);
      if (entry) entry.refusal = event;
      else add({ attempts: 0, refusal: event });
    } else if (event.type === 'closed') {
      open.delete(connection);
      over({ closed: event, ...log });
    } else {
      const entry = entryOf(event.request);
      if (!entry) return;
      if (event.type === 'started') entry.attempts++;
      if (event.type === 'connected') entry.winner = { endpoint: event.endpoint, after: event.at };
    }
  };
}

/** Describes a connection in one line. */
export function textLine({ closed, entries, more }: Log): string {
  const { time, connection, client, sent, received, duration, code } = closed;
  const asked = entries.length === 0 ? ['no request'] : entries.map(entryText);
  const ending = code === undefined ? '' : `, ${code}`;
  return [
    `${new Date(time).toISOString()} #${connection} ${formatEndpoint(client)}`,
    [...asked, ...(more > 0 ? [`${more} more`] : [])].join('; '),
    `${sent} bytes sent, ${received} received, ${formatDuration(duration)}${ending}`,
  ].join(' | ');
}

function entryText({ request, attempts, winner, refusal }: Entry): string {
  const what = request ? `${request.protocol} ${printable(formatDestination(request))}` : '';
  const user = request?.user === undefined ? '' : ` of ${printable(request.user)}`;
  if (refusal) return `${what}${user}${what && ' '}refused (${refusal.reason}): ${printable(refusal.message)}`;
  if (!winner) return `${what}${user}`;
  const tries = attempts > 1 ? `, ${attempts} attempts` : '';
  return `${what}${user} by ${formatEndpoint(winner.endpoint)} after ${formatDuration(winner.after)}${tries}`;
}

/** Describes a connection as JSON; see docs/proxy.schema.json. */
export function jsonLine({ closed, entries, more }: Log): object {
  const { time, connection, client, sent, received, duration, code } = closed;
  return {
    version: 1,
    time: new Date(time).toISOString(),
    connection,
    client: clientJson(client),
    requests: entries.map(entryJson),
    ...(more > 0 && { more }),
    sent,
    received,
    duration,
    ...(code !== undefined && { code }),
  };
}

function clientJson({ address, family, port }: Client): object {
  return { address, family, port };
}

function entryJson({ request, attempts, winner, refusal }: Entry): object {
  return {
    ...(request && { protocol: request.protocol, host: request.host, port: request.port }),
    ...(request?.user !== undefined && { user: request.user }),
    ...(request?.method !== undefined && { method: request.method }),
    attempts,
    ...(winner && { winner: { ...clientJson(winner.endpoint), after: winner.after } }),
    ...(refusal && { refused: { reason: refusal.reason, message: refusal.message } }),
  };
}
