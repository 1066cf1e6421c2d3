import type { AnyAnswer } from '../core/race/answers.js';
import type { Endpoint, Service } from '../core/race/endpoint.js';
import { errorCode, toError } from '../core/error-tools.js';
import type { RaceEvent } from '../core/race/events.js';
import type { ServiceRecord } from '../core/race/service-records.js';
import packageJson from '../../package.json' with { type: 'json' };
import { conclusion } from './conclusion.js';
import type { Flags } from './flag.js';
import { nodeAloneJson, type ComparedRace } from './node-alone.js';
import type { Summary } from './repeat.js';

/** What `--json` gives, as docs/connect.schema.json has it. */
export interface RacesJson {
  readonly version: 1;
  readonly program: ProgramJson;
  /** The flags that were given, by their names in camel case. */
  readonly options: Flags;
  readonly host: string;
  readonly port: number;
  readonly races: readonly object[];
  /** With `--repeat`. */
  readonly summary?: Summary;
}

/** What has made a document, and where. */
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

function eventJson(event: RaceEvent): object {
  switch (event.type) {
    case 'answered':
      return { ...event, answer: answerJson(event.answer) };
    case 'resolved':
      return { ...event, error: event.error && errorJson(event.error) };
    case 'queued':
      return { ...event, endpoints: event.endpoints.map(endpointJson) };
    case 'failed':
      return { ...event, endpoint: endpointJson(event.endpoint), error: errorJson(event.error) };
    case 'cancelled':
      return { ...event, endpoint: endpointJson(event.endpoint), error: event.error && errorJson(event.error) };
    case 'started':
    case 'progressed':
      return { ...event, endpoint: endpointJson(event.endpoint) };
    case 'connected':
      return { type: event.type, at: event.at, endpoint: endpointJson(event.endpoint) };
  }
}

function endpointJson({ address, family, port, protocol, service, via }: Endpoint): object {
  return { address, family, port, protocol, service: service && serviceJson(service), via };
}

function serviceJson({ target, alpn, hint, record }: Service): object {
  return { target, alpn, hint, priority: record?.priority };
}

function answerJson(answer: AnyAnswer): object {
  const { type, name, ttl, error } = answer;
  const found = answer.type === 'HTTPS' ? { records: answer.records.map(recordJson) } : { addresses: answer.addresses };
  return { type, name, ...found, ttl, error: error && errorJson(toError(error)) };
}

/** Keys are told of, and not shown. */
function recordJson({ ech, ...record }: ServiceRecord): object {
  return { ...record, ech: ech !== undefined };
}

function errorJson(error: Error): object {
  return { code: errorCode(error), message: error.message };
}
