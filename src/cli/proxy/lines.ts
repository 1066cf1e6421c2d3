import { formatDuration } from '../../core/format-duration.js';
import { printable } from '../../core/input/printable.js';
import { formatDestination, formatEndpoint, type Endpoint } from '../../core/race/endpoint.js';
import type { Client, Closed, ProxyEvent, ProxyRequest, Refused } from '../../proxy/index.js';

/** A request of a connection, and what came of it. */
interface Entry {
  readonly request?: ProxyRequest;
  attempts: number;
  winner?: { readonly endpoint: Endpoint; readonly after: number };
  refusal?: Refused;
}

/** A connection that is over, with all that was asked for. */
export interface Log {
  readonly closed: Closed;
  readonly entries: readonly Entry[];
  /** Requests beyond those that are kept. */
  readonly more: number;
}

/** Requests of a connection that are told one by one. */
const MOST_ENTRIES = 20;

/**
 * Puts the events of a proxy together to connections.
 *
 * @param over called for each that is over
 * @returns is given each event
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

/** A connection in a line. */
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

/** The same as JSON; docs/proxy.schema.json has its form. */
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
