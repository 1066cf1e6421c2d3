import { formatDuration } from '../core/format-duration.js';
import { formatEndpoint, type Endpoint } from '../core/race/endpoint.js';
import { reasonOf, toError } from '../core/error-tools.js';
import { formatRecord } from '../core/race/service-records.js';
import type { RaceEvent } from '../core/race/events.js';
import type { Past } from '../core/race/path-records.js';
import { Schedule } from '../core/race/schedule.js';
import type { RacePlan } from '../rx/race-plan.js';

/**
 * An event in the words of `NODE_DEBUG`, without the time: one line, or one for each scheduled attempt.
 *
 * @param events the race's events so far
 * @param past the history of earlier races
 */
export function debugLines(event: RaceEvent, events: readonly RaceEvent[], past?: Past): readonly string[] {
  switch (event.type) {
    case 'answered': {
      const { type, name, error } = event.answer;
      const found = event.answer.type === 'HTTPS' ? event.answer.records.map(formatRecord) : event.answer.addresses;
      const nothing = type === 'HTTPS' ? 'no records' : 'no addresses';
      const what = name === undefined ? type : `${type} of ${name}`;
      return [`${what}: ${found.join(', ') || (error ? reasonOf(toError(error)) : nothing)}`];
    }
    case 'resolved':
      return [`the look-up is over${event.error ? `: ${reasonOf(event.error)}` : ''}`];
    case 'queued': {
      const { endpoints } = event;
      return endpoints.map((endpoint, index) => {
        const why = past?.failedLately(past.recall(endpoint) ?? {}) ? ': it failed lately' : '';
        return `${formatEndpoint(endpoint)} scheduled, ${index + 1} of ${endpoints.length}${why}`;
      });
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
      const gaveWay = type === 'cancelled' && event.error !== undefined;
      const reason = type === 'failed' ? `: ${reasonOf(event.error)}${event.terminal ? ', and with it the race' : ''}` : '';
      return [`${formatEndpoint(endpoint)} ${gaveWay ? 'gave way' : type} after ${duration}${reason}`];
    }
  }
}

/**
 * What `NODE_DEBUG` adds if a race runs out of time before it has tried all of its addresses: when the next one was due. A
 * `connectTimeout` that is not longer than the delay between two starts leaves no time for a second address.
 *
 * @param events the race's events
 */
export function untried(
  { pacing, connectTimeout }: Pick<RacePlan<unknown>, 'pacing' | 'connectTimeout'>,
  events: readonly RaceEvent[],
): readonly string[] {
  const before = events.filter((event) => event.type !== 'cancelled' || event.error !== undefined);
  const schedule = new Schedule(pacing);
  for (const event of before) schedule.fold(event);
  const [next, ...others] = schedule.candidates;
  const due = schedule.nextStart;
  if (!next || due === Infinity) return [];
  const more = others.length === 0 ? '' : ` and ${others.length} more`;
  const why = `the next was due after ${formatDuration(due)}, and connectTimeout is ${formatDuration(connectTimeout)}`;
  return [`not tried: ${formatEndpoint(next)}${more}: ${why}`];
}

function startOf(endpoint: Endpoint, events: readonly RaceEvent[]): number {
  return events.find((event) => event.type === 'started' && event.endpoint === endpoint)!.at;
}
