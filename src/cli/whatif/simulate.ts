import { availableParallelism } from 'node:os';
import { closeSync, openSync, writeSync } from 'node:fs';
import { invalidValue } from '../../core/input/argument-errors.js';
import { clients } from '../../models/clients.js';
import { Figuring } from '../../whatif/figures.js';
import { INTERNET } from '../../whatif/internet.js';
import type { Way } from '../../whatif/simulation.js';
import { record } from '../../whatif/simulated-recording.js';
import { grouped, type Flag, type Flags } from '../flag.js';
import { INTERRUPTED, OK, untilInterrupted, type Terminal } from '../terminal.js';
import { changeOf, changesOf, sweepOf, whole } from './flags.js';
import { simulateAll } from './parts.js';
import { progressOf } from './progress.js';
import { simulatedText } from './simulated-text.js';
import { openCurve, sweepCurve, sweepText, type Swept } from './sweep.js';
import type { Row } from './table.js';
import { defaultTerms } from './terms.js';

const DEFAULT_RACES = 1_000_000;
const MOST_RACES = 100_000_000;

export const SIMULATE_FLAGS: readonly Flag[] = grouped('Simulation', [
  { usage: '--races <n>', meaning: 'How many races each setting runs', default: String(DEFAULT_RACES) },
  { usage: '--seed <n>', meaning: 'For the networks: the same seed gives the same figures', default: '1' },
  { usage: '--workers <n>', meaning: 'Threads; the figures do not depend on it', default: 'one for each core' },
  { usage: '--clients', meaning: 'Run the same races as other clients would: Node alone, curl and others' },
  { usage: '--service-records', meaning: 'Ask for HTTPS records as well, which some networks never answer' },
  {
    usage: '--record <file>',
    meaning: 'Write the races as a recording for whatif, and compare nothing',
    conflicts: ['sweep', 'clients'],
  },
  { usage: '--markdown', meaning: 'Print a table in Markdown', conflicts: ['json'], hidden: true },
]);

/** A way to race and its name. */
interface Named {
  readonly name: string;
  readonly way: Way;
}

/**
 * `rx-happy-eyeballs simulate`
 *
 * @param program the URL of the worker's program; if empty, everything runs on this thread
 * @returns the exit status
 */
export async function simulateCommand(flags: Flags, terminal: Terminal, program: string): Promise<number> {
  const races = whole(flags, 'races', 1, MOST_RACES, DEFAULT_RACES);
  const seed = whole(flags, 'seed', 0, 2 ** 32 - 1, 1);
  const workers = program === '' ? 1 : whole(flags, 'workers', 1, 1024, availableParallelism());
  const sweep = sweepOf(flags);
  const ways = sweep
    ? sweep.steps.map(({ value, change }) => ({ name: String(value), way: own(flags, change(defaultTerms())) }))
    : waysOf(flags);
  if (flags.record !== undefined) return recordInto(String(flags.record), { races, seed, way: ways.at(-1)! }, terminal);

  const file = openCurve(flags);
  const { interrupted, release } = untilInterrupted(terminal);
  const progress = progressOf(terminal.stderr, 'races', races);
  try {
    const simulation = { internet: INTERNET, seed, races, ways: ways.map(({ way }) => way) };
    const samples = await simulateAll(simulation, { workers, program, signal: interrupted, progress: progress.show });
    progress.clear();
    if (!sweep) {
      const names = ways.map(({ name }) => name);
      terminal.stdout.write(simulatedText(names, samples, flags, seed));
      return OK;
    }
    const rows = ways.map(({ name }, index): Row => ({ name, figures: new Figuring(samples[index]!).figures() }));
    const swept: Swept = { races, seed, option: sweep.option, rows };
    file?.write(sweepCurve(swept));
    terminal.stdout.write(sweepText(swept, flags));
    return OK;
  } catch (error) {
    progress.clear();
    if (!interrupted.aborted) throw error;
    terminal.stderr.write('Interrupted.\n');
    return INTERRUPTED;
  } finally {
    file?.close();
    release();
  }
}

function own(flags: Flags, terms: ReturnType<typeof defaultTerms>): Way {
  return { terms, ...(flags.serviceRecords === true && { serviceRecords: true }) };
}

function waysOf(flags: Flags): readonly Named[] {
  const { serviceRecords, ...others } = flags;
  const changes = [changesOf(others), ...(serviceRecords === true ? ['service-records'] : [])].filter((text) => text !== '');
  const defaults: Named = { name: 'defaults', way: { terms: defaultTerms() } };
  const changed = changes.length === 0 ? [] : [{ name: changes.join(', '), way: own(flags, changeOf(flags)(defaultTerms())) }];
  const modelled = flags.clients === true ? clients.map(({ name }) => ({ name, way: { client: name } })) : [];
  return [defaults, ...changed, ...modelled];
}

/** How many races run before Ctrl-C is let in. */
const SLICE = 1000;

async function recordInto(
  path: string,
  { races, seed, way }: { readonly races: number; readonly seed: number; readonly way: Named },
  terminal: Terminal,
): Promise<number> {
  let descriptor: number;
  try {
    descriptor = openSync(path, 'w');
  } catch (error) {
    throw invalidValue('--record', `cannot be written (${(error as NodeJS.ErrnoException).code})`, path);
  }
  const { interrupted, release } = untilInterrupted(terminal);
  const progress = progressOf(terminal.stderr, 'races', races);
  try {
    for (let from = 0; from < races && !interrupted.aborted; from += SLICE) {
      const lines: string[] = [];
      const part = { internet: INTERNET, seed, from, to: Math.min(from + SLICE, races) };
      if ('terms' in way.way) record(part, way.way, (race) => lines.push(`${JSON.stringify(race)}\n`));
      writeSync(descriptor, lines.join(''));
      progress.show(part.to);
      await new Promise(setImmediate);
    }
    progress.clear();
    return interrupted.aborted ? INTERRUPTED : OK;
  } finally {
    closeSync(descriptor);
    release();
  }
}
