import type { Socket } from 'node:net';
import type { Observable } from 'rxjs';
import { formatDestination } from '../core/race/endpoint.js';
import type { RaceEvent } from '../core/race/events.js';
import { wrap } from '../pictures/text-columns.js';
import { timeline } from '../pictures/timeline.js';
import { conclusion } from './conclusion.js';
import { racesJson } from './json.js';
import { jsonText } from './json-text.js';
import { live } from './live-view.js';
import { compared, type ComparedRace } from './node-alone.js';
import { openReports } from './report-files.js';
import { pipe } from './pipe.js';
import type { Flags } from './flag.js';
import { distribution, summary } from './repeat.js';
import { runRace, type RaceResult } from './run-race.js';
import { appearance, FAILED, INTERRUPTED, OK, untilInterrupted, type Terminal } from './terminal.js';

/** A race that can be repeated, and its destination. */
export interface RepeatableRace {
  readonly host: string;
  readonly port: number;
  readonly race$: Observable<RaceEvent<Socket>>;
}

/** The interval at which a running race is redrawn, in ms. */
const REDRAW_INTERVAL = 100;

/**
 * Runs a race, draws it while it runs and after it has ended, and prints a sentence about its result. The winner is closed, or with
 * `pipe` connected to standard input and output. Ctrl-C cancels the race.
 *
 * @param conclude describes the result
 * @returns the exit status
 */
export async function showRace(
  destination: RepeatableRace,
  flags: Flags,
  terminal: Terminal,
  conclude = conclusion,
): Promise<number> {
  const { stdout, stderr } = terminal;
  const reports = openReports(flags);
  const { interrupted, release } = untilInterrupted(terminal);
  let winner: Socket | undefined;
  try {
    let piping: Promise<number> | undefined;
    const take = (socket: Socket) => {
      winner = socket;
      if (flags.pipe) piping = pipe(socket, terminal, interrupted);
      else socket.destroy();
    };
    const result = compared(await runWatched(destination, flags, terminal, interrupted, take), destination);
    reports.write(result, formatDestination(destination));
    if (flags.json) stdout.write(jsonText(racesJson(destination, flags, [result])));
    // With `pipe`, standard output is for the bytes of the connection.
    const output = flags.pipe ? stderr : stdout;
    const isDrawn = !flags.json && (!flags.pipe || stderr.isTTY === true);
    const isWon = result.outcome === 'connected';
    if (isDrawn) {
      const { nodeAlone } = result;
      const look = appearance(output, flags);
      const lines = [
        ...(isWon ? [conclude(result)] : []),
        ...(nodeAlone ? (output.isTTY ? wrap(nodeAlone.text, look.width) : [nodeAlone.text]) : []),
      ];
      output.write(`${timeline(result.events, look)}\n${lines.map((line) => `\n${line}`).join('')}\n`);
    }
    if (result.outcome === 'cancelled' || (result.outcome === 'failed' && !flags.json)) stderr.write(`${conclude(result)}\n`);
    return (await piping) ?? statusOf(result);
  } finally {
    winner?.destroy();
    release();
    reports.close();
  }
}

/** Runs a race `times` times, one after another, and shows who won how often and how fast. */
export async function showRaces(times: number, destination: RepeatableRace, flags: Flags, terminal: Terminal): Promise<number> {
  const { stdout, stderr } = terminal;
  const { interrupted, release } = untilInterrupted(terminal);
  const progress = live(stderr);
  const results: ComparedRace[] = [];
  try {
    for (let number = 1; number <= times && !interrupted.aborted; number++) {
      progress.draw(`race ${number} of ${times}`);
      const result = await runRace(destination.race$, { interrupted, fixedClock: flags.fixedClock === true });
      if (result.outcome !== 'cancelled') results.push(flags.json ? compared(result, destination) : { ...result, events: [] });
    }
  } finally {
    progress.clear();
    release();
  }
  if (flags.json) stdout.write(jsonText(racesJson(destination, flags, results, summary(results))));
  else stdout.write(`${distribution(results, appearance(stdout, flags))}\n`);
  const failed = results.filter(({ outcome }) => outcome === 'failed');
  if (failed.length > 0 && !flags.json) {
    stderr.write(`${failed.length} of ${results.length} failed, the first so: ${conclusion(failed[0]!)}\n`);
  }
  if (interrupted.aborted) stderr.write(`Interrupted after ${results.length} of ${times} races: everything is closed.\n`);
  return interrupted.aborted ? INTERRUPTED : failed.length > 0 ? FAILED : OK;
}

/** Runs a race that is drawn while it runs, now and then: drawing must not take the time of what is drawn. */
async function runWatched(
  { race$ }: RepeatableRace,
  flags: Flags,
  { stderr }: Terminal,
  interrupted: AbortSignal,
  take: (socket: Socket) => void,
): Promise<RaceResult> {
  const screen = live(stderr);
  const fixedClock = flags.fixedClock === true;
  const began = performance.now();
  let seen: readonly RaceEvent[] = [];
  const draw = () => {
    const look = appearance(stderr, flags);
    screen.draw(timeline(seen, { ...look, ...(!fixedClock && { until: performance.now() - began }) }));
  };
  const watch = (events: readonly RaceEvent[]) => {
    seen = events;
  };
  const redrawing = stderr.isTTY ? setInterval(draw, REDRAW_INTERVAL) : undefined;
  if (stderr.isTTY) stderr.on('resize', draw);
  try {
    return await runRace(race$, { interrupted, fixedClock, watch, take });
  } finally {
    clearInterval(redrawing);
    stderr.off('resize', draw);
    screen.clear();
  }
}

function statusOf({ outcome }: RaceResult): number {
  return { connected: OK, failed: FAILED, cancelled: INTERRUPTED }[outcome];
}
