import { Ajv2020 } from 'ajv/dist/2020.js';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { listen, raceChannel } from '../../src/observe/channels.js';
import { recordedRace } from '../../src/observe/recorder.js';
import type { RecordedRace } from '../../src/whatif/recorded-race.js';

const RECORDING = Symbol.for('rx-happy-eyeballs.recording');

/** The races that end during some work, as they are recorded. */
export function recorded(work: () => void): RecordedRace[] {
  const races: RecordedRace[] = [];
  const stop = listen(raceChannel, {
    asyncEnd: (context) => races.push(JSON.parse(JSON.stringify(recordedRace(context))) as RecordedRace),
  });
  const shared = process as { [RECORDING]?: true };
  shared[RECORDING] = true;
  try {
    work();
  } finally {
    Reflect.deleteProperty(shared, RECORDING);
    stop();
  }
  return races;
}

const read = (file: string) =>
  JSON.parse(readFileSync(join(__dirname, '..', '..', 'docs', `${file}.schema.json`), 'utf8')) as object;

const validate = new Ajv2020({ allErrors: true, strictTypes: false })
  .addSchema(read('connect'), 'connect.schema.json')
  .compile(read('recording'));

/** Reads lines of a recording, which must be as docs/recording.schema.json has them. */
export function recordingOf(text: string): RecordedRace[] {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => {
      const race = JSON.parse(line) as RecordedRace;
      validate(race);
      expect(validate.errors ?? []).toEqual([]);
      return race;
    });
}
