import { endpointJson, eventJson } from '../core/race/event-json.js';
import { conclusion } from './conclusion.js';
import type { Summary } from './repeat.js';
import type { RaceResult } from './run-race.js';

/** What `--json` gives, as docs/connect.schema.json has it. */
export interface RacesJson {
  readonly version: 1;
  readonly host: string;
  readonly port: number;
  readonly races: readonly object[];
  /** With `--repeat`. */
  readonly summary?: Summary;
}

export function racesJson(
  { host, port }: { host: string; port: number },
  results: readonly RaceResult[],
  summary?: Summary,
): RacesJson {
  return { version: 1, host, port, races: results.map(raceJson), ...(summary && { summary }) };
}

function raceJson(result: RaceResult): object {
  const { outcome, events, winner, error } = result;
  return {
    outcome,
    ...(winner && { winner: { ...winner, endpoint: endpointJson(winner.endpoint) } }),
    ...(error && { error: { reason: error.reason, code: error.code, message: conclusion(result) } }),
    events: events.map(eventJson),
  };
}
