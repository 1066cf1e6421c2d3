import packageJson from '../../package.json' with { type: 'json' };
import { endpointJson, eventJson } from '../core/race/event-json.js';
import { conclusion } from './conclusion.js';
import type { Flags } from './flag.js';
import { nodeAloneJson, type ComparedRace } from './node-alone.js';
import type { Summary } from './repeat.js';

/** The document that `--json` prints; see docs/connect.schema.json. */
export interface RacesJson {
  readonly version: 1;
  readonly program: ProgramJson;
  /** The given flags by their names in camel case. */
  readonly options: Flags;
  readonly host: string;
  readonly port: number;
  readonly races: readonly object[];
  /** With `--repeat`. */
  readonly summary?: Summary;
}

/** The program that made a document, and its platform. */
export interface ProgramJson {
  readonly name: string;
  readonly version: string;
  readonly node: string;
  readonly platform: string;
  readonly arch: string;
}

export function programJson(): ProgramJson {
  const { name, version } = packageJson;
  return { name, version, node: process.versions.node, platform: process.platform, arch: process.arch };
}

export function racesJson(
  { host, port }: { host: string; port: number },
  options: Flags,
  results: readonly ComparedRace[],
  summary?: Summary,
): RacesJson {
  const races = results.map(raceJson);
  return { version: 1, program: programJson(), options, host, port, races, ...(summary && { summary }) };
}

function raceJson(result: ComparedRace): object {
  const { outcome, events, winner, error, nodeAlone } = result;
  return {
    outcome,
    ...(winner && { winner: { ...winner, endpoint: endpointJson(winner.endpoint) } }),
    ...(error && { error: { reason: error.reason, code: error.code, message: conclusion(result) } }),
    ...(nodeAlone && { nodeAlone: nodeAloneJson(nodeAlone) }),
    events: events.map(eventJson),
  };
}
