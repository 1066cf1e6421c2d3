import { codedError } from '../core/error-tools.js';
import type { AnswerJson, EndpointJson, EventJson } from '../core/race/event-json.js';
import type { AnyAnswer } from '../core/race/answers.js';
import type { Endpoint } from '../core/race/endpoint.js';
import type { Answered, Resolved } from '../core/race/events.js';
import { keyOf } from './recorded-attempts.js';

/** What came of the look-up of a recorded race, as far as it got. */
export function lookupOf(events: readonly EventJson[]): (Answered | Resolved)[] {
  return events.flatMap((event): (Answered | Resolved)[] => {
    if (event.type === 'answered') return [{ type: 'answered', at: event.at, answer: answerOf(event.answer) }];
    return event.type === 'resolved' ? [{ type: 'resolved', at: event.at }] : [];
  });
}

function answerOf({ error, ...answer }: AnswerJson): AnyAnswer {
  const failed = error && { error: codedError(error.code ?? 'UNKNOWN', error.message) };
  // Of service records it is only told that they came: where they led is in the queue.
  if (answer.type === 'HTTPS') return { ...answer, records: [], ...failed };
  return { ...answer, ...failed };
}

/** Whether a race went by service records. */
export function hasServices(events: readonly EventJson[]): boolean {
  return events.some((event) => event.type === 'answered' && event.answer.type === 'HTTPS');
}

/** All endpoints that were known after each answer, where these had changed; each endpoint is one object. */
export function recordedEndpoints(events: readonly EventJson[]): readonly (readonly Endpoint[] | undefined)[] {
  const known = new Map<string, Endpoint>();
  const made = (json: EndpointJson) => {
    const key = keyOf(json);
    const { service, ...others } = json;
    const endpoint = known.get(key) ?? { ...others, ...(service && { service: { target: service.target, alpn: service.alpn } }) };
    known.set(key, endpoint);
    return endpoint;
  };
  const started: Endpoint[] = [];
  const lists: (readonly Endpoint[] | undefined)[] = [];
  for (const event of events) {
    if (event.type === 'answered') lists.push(undefined);
    else if (event.type === 'started') started.push(made(event.endpoint));
    else if (event.type === 'queued' && lists.length > 0)
      lists[lists.length - 1] = [...new Set([...started, ...event.endpoints.map(made)])];
  }
  return lists;
}
