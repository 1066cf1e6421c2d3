import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { invalidValue } from '../../core/input/argument-errors.js';
import { codedError } from '../../core/error-tools.js';
import type { RecordedRace } from '../../whatif/recorded-race.js';

/**
 * Reads recordings. Each file counts as one client unless its lines name their client.
 *
 * @throws TypeError naming the file and the invalid line
 */
export async function readRecordings(files: readonly string[], signal: AbortSignal): Promise<RecordedRace[]> {
  const races: RecordedRace[] = [];
  for (const file of files) {
    const lines = createInterface({ input: createReadStream(file, { encoding: 'utf8', signal }), crlfDelay: Infinity });
    let number = 0;
    try {
      for await (const line of lines) {
        number++;
        if (line.trim() !== '') races.push({ client: file, ...raceIn(line, `${file}, line ${number}`) });
      }
    } catch (error) {
      if (signal.aborted) throw error;
      const { code } = error as NodeJS.ErrnoException;
      if (code?.startsWith('ERR_')) throw error;
      throw invalidValue('recording', `cannot be read (${code})`, file);
    }
  }
  if (races.length === 0) throw invalidValue('recording', 'holds no race', files.join(', '));
  return races;
}

const OUTCOMES: readonly unknown[] = ['connected', 'failed', 'cancelled'];

function raceIn(line: string, place: string): RecordedRace {
  const damaged = (what: string) => codedError('ERR_INVALID_ARG_VALUE', `${place}: ${what}. See docs/recording.schema.json.`);
  let race: Partial<RecordedRace>;
  try {
    race = JSON.parse(line) as Partial<RecordedRace>;
  } catch {
    throw damaged('this is no JSON; has the line been cut off?');
  }
  if (typeof race !== 'object' || (race as unknown) === null) throw damaged('this is no race');
  const { version, host, port, duration, outcome, events } = race;
  if (version !== 1) throw damaged(`version ${String(version)} is not known`);
  const isWhole =
    typeof host === 'string' &&
    typeof port === 'number' &&
    typeof duration === 'number' &&
    OUTCOMES.includes(outcome) &&
    Array.isArray(events) &&
    events.every((event: unknown) => isEvent(event));
  if (!isWhole) throw damaged('this is no race');
  return race as RecordedRace;
}

const WITH_ENDPOINT: readonly unknown[] = ['started', 'progressed', 'failed', 'cancelled', 'connected'];

function isEvent(given: unknown): boolean {
  if (typeof given !== 'object' || given === null) return false;
  const { type, at, endpoint, endpoints, answer } = given as Record<string, unknown>;
  if (typeof at !== 'number') return false;
  if (type === 'queued') return Array.isArray(endpoints) && endpoints.every(isEndpoint);
  if (type === 'answered') return typeof answer === 'object' && answer !== null;
  return type === 'resolved' || (WITH_ENDPOINT.includes(type) && isEndpoint(endpoint));
}

function isEndpoint(given: unknown): boolean {
  const { address, family, port } = (given ?? {}) as Record<string, unknown>;
  return typeof address === 'string' && (family === 4 || family === 6) && typeof port === 'number';
}
