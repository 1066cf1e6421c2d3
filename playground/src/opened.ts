import type { RaceEvent } from '../../src/core/race/events.js';

/** A race that was read from a file. */
export interface OpenedRace {
  /** Where it went, and which of the file's races it is. */
  readonly title: string;
  readonly events: readonly RaceEvent[];
}

/** Bytes of a file that is read: a thousand races. */
export const LARGEST_FILE = 10_000_000;

const TYPES = new Set(['answered', 'resolved', 'queued', 'started', 'progressed', 'failed', 'cancelled', 'connected']);

/**
 * The races of a file that `rx-happy-eyeballs connect --json` has written.
 *
 * @throws Error that says, for its reader, what the file is not
 */
export function readRaces(text: string): readonly OpenedRace[] {
  const { version, host, port, races } = parsed(text);
  if (version !== 1 || !Array.isArray(races)) throw new Error('This is not what rx-happy-eyeballs connect --json writes.');
  const opened = races.flatMap((race: unknown, index): OpenedRace[] => {
    const { events } = objectOf(race);
    if (!Array.isArray(events) || events.length === 0) return [];
    return [
      { title: `${String(host)}:${String(port)}${races.length > 1 ? `, race ${index + 1}` : ''}`, events: events.map(revived) },
    ];
  });
  if (opened.length === 0) throw new Error('There are no events in this file. With --repeat, add --json to keep them.');
  return opened;
}

function parsed(text: string): Record<string, unknown> {
  try {
    return objectOf(JSON.parse(text));
  } catch {
    throw new Error('This file is not JSON.');
  }
}

function objectOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

/** An event as it was: errors are errors again. */
function revived(value: unknown): RaceEvent {
  const event = objectOf(value);
  if (typeof event.type !== 'string' || !TYPES.has(event.type) || typeof event.at !== 'number')
    throw new Error('There is an invalid event in this file.');
  const needsEndpoint = !['answered', 'resolved', 'queued'].includes(event.type);
  if (needsEndpoint && typeof objectOf(event.endpoint).address !== 'string')
    throw new Error('An attempt in this file has no endpoint.');
  if (event.type === 'queued' && !Array.isArray(event.endpoints)) throw new Error('An order in this file has no endpoints.');
  const answer = objectOf(event.answer);
  if (event.type === 'answered' && !Array.isArray(answer.addresses ?? answer.records))
    throw new Error('An answer in this file holds nothing.');
  return {
    ...event,
    ...(event.error !== undefined && { error: errorOf(event.error) }),
    ...(event.type === 'answered' && {
      answer: { ...answer, ...(answer.error !== undefined && { error: errorOf(answer.error) }) },
    }),
  } as unknown as RaceEvent;
}

function errorOf(value: unknown): Error {
  const { message, code } = objectOf(value);
  return Object.assign(new Error(String(message)), typeof code === 'string' && { code });
}
