import { formatDuration } from '../core/duration.js';
import { formatEndpoint, type Endpoint } from '../core/race/endpoint.js';
import { reasonOf, toError } from '../core/error-tools.js';
import type { RaceEvent } from '../core/race/events.js';

/**
 * An event as `NODE_DEBUG` tells it, without the time: a line, or one for each attempt that is scheduled.
 *
 * @param events what has happened in the race so far
 */
export function debugLines(event: RaceEvent, events: readonly RaceEvent[]): readonly string[] {
  switch (event.type) {
    case 'answered': {
      const { type, addresses, error } = event.answer;
      return [`${type}: ${addresses.join(', ') || (error ? reasonOf(toError(error)) : 'no addresses')}`];
    }
    case 'resolved':
      return [`the look-up is over${event.error ? `: ${reasonOf(event.error)}` : ''}`];
    case 'queued': {
      const { endpoints } = event;
      return endpoints.map((endpoint, index) => `${formatEndpoint(endpoint)} scheduled, ${index + 1} of ${endpoints.length}`);
    }
    case 'started':
      return [`${formatEndpoint(event.endpoint)} started`];
    case 'progressed':
      return [`${formatEndpoint(event.endpoint)} progressed to ${event.stage} after ${formatDuration(event.after)}`];
    case 'failed':
    case 'cancelled':
    case 'connected': {
      const { type, endpoint, at } = event;
      const duration = formatDuration(at - startOf(endpoint, events));
      const reason = type === 'failed' ? `: ${reasonOf(event.error)}${event.terminal ? ', and with it the race' : ''}` : '';
      return [`${formatEndpoint(endpoint)} ${type} after ${duration}${reason}`];
    }
  }
}

function startOf(endpoint: Endpoint, events: readonly RaceEvent[]): number {
  return events.find((event) => event.type === 'started' && event.endpoint === endpoint)!.at;
}
