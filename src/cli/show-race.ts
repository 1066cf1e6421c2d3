import type { Socket } from 'node:net';
import { map, type Observable } from 'rxjs';
import { invalidValue } from '../core/argument-errors.js';
import type { RaceEvent } from '../core/events.js';
import { timeline } from '../pictures/timeline.js';
import { conclusion } from './conclusion.js';
import { racesJson } from './json.js';
import { live } from './live.js';
import { openReports } from './output.js';
import { pipe } from './pipe.js';
import type { Flags } from './race-flags.js';
import { distribution, summary } from './repeat.js';
import { runRace, withFixedTimes, type RaceResult } from './run-race.js';
import { appearance, FAILED, INTERRUPTED, OK, type Terminal } from './terminal.js';

/** A race that can be run again, and where it goes. */
export interface Destination {
  readonly host: string;
  readonly port: number;
  readonly race$: Observable<RaceEvent<Socket>>;
}

/** ms between two pictures of a race in which nothing happens. */
const REDRAW_INTERVAL = 100;

/**
 * Runs a race, draws it while it runs and when it is over, and says in a sentence how it ended. The winner is closed again,
 * or gets standard input with `pipe`. Ctrl-C cancels the race.
 *
 * @returns the exit status
 */
export async function showRace(destination: Destination, flags: Flags, terminal: Terminal): Promise<number> {
  refuseTogether(flags, 'pipe', 'json');
  const { stdout, stderr } = terminal;
  const reports = openReports(flags);
  try {
    let piping: Promise<number> | undefined;
    const take = (socket: Socket) => {
      if (flags.pipe) piping = pipe(socket, terminal);
      else socket.destroy();
    };
    const result = await runWatched(destination, flags, terminal, take);
    reports.write(result, `${destination.host}:${destination.port}`);
    if (flags.json) {
      stdout.write(`${JSON.stringify(racesJson(destination, [result]), undefined, 2)}\n`);
      return statusOf(result);
    }
    // With `pipe`, standard output is for what comes over the connection; and who is not at a terminal wants nothing else.
    const output = flags.pipe ? stderr : stdout;
    if (!flags.pipe || stderr.isTTY) output.write(`${timeline(result.events, appearance(output, flags))}\n\n`);
    if (result.outcome !== 'connected') stderr.write(`${conclusion(result)}\n`);
    else if (!flags.pipe || stderr.isTTY) output.write(`${conclusion(result)}\n`);
    return (await piping) ?? statusOf(result);
  } finally {
    reports.close();
  }
}

/** Runs a race so many times, one after another, and shows who won how often and after what time. */
export async function showRaces(times: number, destination: Destination, flags: Flags, terminal: Terminal): Promise<number> {
  for (const flag of ['pipe', 'html', 'svg']) refuseTogether(flags, 'repeat', flag);
  const { stdout, stderr } = terminal;
  const results: RaceResult[] = [];
  const progress = live(stderr);
  while (results.length < times && results.at(-1)?.outcome !== 'cancelled') {
    progress.draw(`race ${results.length + 1} of ${times}`);
    results.push(await runRace(timed(destination.race$, flags), terminal));
  }
  progress.clear();
  const finished = results.filter(({ outcome }) => outcome !== 'cancelled');
  if (flags.json) stdout.write(`${JSON.stringify(racesJson(destination, results, summary(finished)), undefined, 2)}\n`);
  else stdout.write(`${distribution(finished, appearance(stdout, flags))}\n`);
  const bad = results.find(({ outcome }) => outcome !== 'connected');
  if (bad && !flags.json) stderr.write(`${conclusion(bad)}\n`);
  return results.map(statusOf).find((status) => status !== OK) ?? OK;
}

/** Runs a race that is drawn while it runs. */
async function runWatched(
  { race$ }: Destination,
  flags: Flags,
  terminal: Terminal,
  take: (socket: Socket) => void,
): Promise<RaceResult> {
  const screen = live(terminal.stderr);
  const look = appearance(terminal.stderr, flags);
  const began = performance.now();
  let seen: readonly RaceEvent[] = [];
  const draw = () => {
    const until = flags.fixedClock ? undefined : performance.now() - began;
    screen.draw(timeline(seen, { ...look, until }));
  };
  const redrawing = terminal.stderr.isTTY ? setInterval(draw, REDRAW_INTERVAL) : undefined;
  const watch = (events: readonly RaceEvent[]) => {
    seen = events;
    draw();
  };
  try {
    return await runRace(timed(race$, flags), terminal, { watch, take });
  } finally {
    clearInterval(redrawing);
    screen.clear();
  }
}

function timed(race$: Observable<RaceEvent<Socket>>, { fixedClock }: Flags): Observable<RaceEvent<Socket>> {
  return fixedClock ? race$.pipe(map(withFixedTimes())) : race$;
}

function statusOf({ outcome }: RaceResult): number {
  return { connected: OK, failed: FAILED, cancelled: INTERRUPTED }[outcome];
}

function refuseTogether(flags: Flags, one: string, other: string): void {
  if (flags[one] !== undefined && flags[other] !== undefined) {
    throw invalidValue(`--${other}`, `does not go together with --${one}`, flags[other]);
  }
}
