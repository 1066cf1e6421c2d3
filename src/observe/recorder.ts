import { eventJson, type EventJson } from '../core/race/event-json.js';
import { ConnectionError } from '../core/race/connection-error.js';
import type { Endpoint } from '../core/race/endpoint.js';
import { errorCode, toError } from '../core/error-tools.js';
import type { RaceEvent } from '../core/race/events.js';
import { termsJson, type RecordedRace } from '../whatif/recorded-race.js';
import { listen, raceChannel, type RaceContext } from './channels.js';
import { hashing, type Hashing } from './hashing.js';
import { lineFile } from './line-file.js';
import { notedPlan } from './recorded-plan.js';
import { termsOf } from './recorded-terms.js';

/** Bytes of one file; the one before it is kept as well. */
const DEFAULT_SIZE = 16 * 2 ** 20;
const LEAST_SIZE = 64 * 2 ** 10;

/**
 * Records each race of this process that ends from now on, as a line of JSON.
 *
 * It never throws, and no race waits for it. A file that cannot be written is reported once, by a warning of the process, and then
 * nothing is recorded.
 *
 * @param path in which `%p` stands for the number of the process
 * @param env `…_SIZE`: bytes after which a new file is begun; `…_HASH`: the key by which names and addresses are hashed
 */
export function startRecorder(path: string, env: NodeJS.ProcessEnv): void {
  const {
    RX_HAPPY_EYEBALLS_RECORD_SIZE: size,
    RX_HAPPY_EYEBALLS_RECORD_HASH: key,
    RX_HAPPY_EYEBALLS_RECORD_CLIENT: client,
  } = env;
  const most = size !== undefined && /^\d+$/.test(size) ? Math.max(Number(size), LEAST_SIZE) : DEFAULT_SIZE;
  const hash = key ? hashing(key) : undefined;
  const stop = listen(raceChannel, {
    asyncEnd: (context) => {
      try {
        const race = { ...recordedRace(context), ...(client && { client }) };
        file.add(JSON.stringify(hash ? hashed(race, hash) : race));
      } catch {
        // A race that cannot be recorded is left out.
      }
    },
  });
  const file = lineFile(path.replaceAll('%p', String(process.pid)), most, (error) => {
    stop();
    process.emitWarning(`Races are not recorded: ${error.message}`, { code: 'RX_HAPPY_EYEBALLS_RECORD' });
  });
}

/** A race that has ended as it is recorded. */
export function recordedRace(context: RaceContext): RecordedRace {
  const { host, port, startedAt, endedAt, outcome, error, events } = context;
  const plan = notedPlan(context);
  const endpoints = endpointsOf(events);
  const terms = plan && termsOf(plan, endpoints[0] ?? { address: '192.0.2.1', family: 4, port });
  const delays = plan && terms?.enabled ? delaysOf(endpoints, plan.pacing.attemptDelay) : undefined;
  return {
    version: 1,
    host,
    port,
    startedAt: Math.round(startedAt),
    duration: rounded(endedAt! - startedAt),
    outcome: outcome!,
    ...(error !== undefined && { error: lossOf(error) }),
    ...(terms && { terms: termsJson(terms) }),
    ...(delays && { delays }),
    events: events.map((event) => withRoundedTimes(eventJson(event))),
  };
}

function lossOf(error: unknown): NonNullable<RecordedRace['error']> {
  const code = errorCode(toError(error));
  return { ...(error instanceof ConnectionError && { reason: error.reason }), ...(code !== undefined && { code }) };
}

function endpointsOf(events: readonly RaceEvent[]): readonly Endpoint[] {
  return [...new Set(events.flatMap((event) => (event.type === 'queued' ? event.endpoints : [])))];
}

/** The delay after each address, if they differ. */
function delaysOf(endpoints: readonly Endpoint[], delayOf: (endpoint: Endpoint) => number): RecordedRace['delays'] {
  const delays = endpoints.map((endpoint) => [endpoint.address, delayOf(endpoint)] as const);
  return new Set(delays.map(([, delay]) => delay)).size > 1 ? Object.fromEntries(delays) : undefined;
}

/** To a microsecond: more digits would be noise, and half of the file. */
function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}

function withRoundedTimes(event: EventJson): EventJson {
  return { ...event, at: rounded(event.at), ...('after' in event && { after: rounded(event.after) }) };
}

function hashed(race: RecordedRace, { name, address, text }: Hashing): RecordedRace {
  const { delays } = race;
  return {
    ...race,
    hashed: true,
    host: name(race.host),
    ...(delays && { delays: Object.fromEntries(Object.entries(delays).map(([key, delay]) => [address(key), delay])) }),
    events: race.events.map((event) => text(event)),
  };
}
