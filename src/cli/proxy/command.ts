import { constants } from 'node:os';
import packageJson from '../../../package.json' with { type: 'json' };
import { codedError, reasonOf, toError } from '../../core/error-tools.js';
import { wordsFor } from '../../core/error-words.js';
import { invalidValue } from '../../core/input/argument-errors.js';
import { escapeInvisible, printable } from '../../core/input/printable.js';
import { formatEndpoint } from '../../core/race/endpoint.js';
import { proxy$, type ProxyEvent } from '../../proxy/index.js';
import type { Flags } from '../flag.js';
import { live } from '../live-view.js';
import { FAILED, INTERRUPTED, OK, type Terminal } from '../terminal.js';
import { proxyOptions } from './flags.js';
import { openReport } from './open-report.js';
import { collectConnections, jsonLine, textLine } from './lines.js';
import { collectRaces, type EndedRace } from './races.js';
import { top } from './top.js';

/**
 * `rx-happy-eyeballs proxy`: serves until a signal. After the first Ctrl-C or SIGTERM it accepts no further connections and waits for
 * the open ones. The second signal closes those too.
 *
 * @returns the exit status: 0 when all connections have ended, 1 if it cannot listen, 130 or 143 after a second signal
 */
export async function proxyCommand(flags: Flags, terminal: Terminal): Promise<number> {
  const drain = new AbortController();
  const options = proxyOptions(flags);
  const events$ = proxy$({ ...options, drain: drain.signal });
  const watching = await watch(flags, terminal);
  try {
    return await new Promise((resolve) => {
      let open = 0;
      const signals = ['SIGINT', 'SIGTERM'] as const;
      const listeners = signals.map((signal) => () => {
        if (drain.signal.aborted) {
          subscription.unsubscribe();
          end(signal === 'SIGINT' ? INTERRUPTED : 128 + constants.signals.SIGTERM);
          return;
        }
        const left = open;
        drain.abort();
        if (left > 0) terminal.stderr.write(`Draining: ${connections(left)} open. Send the signal again to close them.\n`);
      });
      const end = (status: number) => {
        signals.forEach((signal, i) => terminal.off(signal, listeners[i]!));
        resolve(status);
      };
      // One listener per signal: either signal may come twice.
      signals.forEach((signal, i) => terminal.on(signal, listeners[i]!));
      const subscription = events$.subscribe({
        next: (event) => {
          if (event.type === 'accepted') open++;
          if (event.type === 'closed') open--;
          watching.see(event);
        },
        error: (error: unknown) => {
          terminal.stderr.write(`${notListening(toError(error))}\n`);
          end(FAILED);
        },
        complete: () => end(OK),
      });
    });
  } finally {
    watching.close();
  }
}

function connections(count: number): string {
  return count === 1 ? '1 connection is' : `${count} connections are`;
}

function notListening(error: NodeJS.ErrnoException): string {
  return wordsFor(error.code)?.listening ?? `Cannot listen: ${printable(error.message)}`;
}

/** The outputs that a proxy's events are written to. */
interface Watching {
  readonly see: (event: ProxyEvent) => void;
  readonly close: () => void;
}

/** The interval at which the table is redrawn, in ms. */
const REDRAW_INTERVAL = 1000;

/** @throws for files that cannot be written, addresses that cannot be listened on, and missing libraries */
async function watch(flags: Flags, { stdout, stderr }: Terminal): Promise<Watching> {
  const seeing: ((event: ProxyEvent) => void)[] = [];
  const closing: (() => void)[] = [];
  const races: ((race: EndedRace) => void)[] = [];
  const screen = live(stderr);

  // Lines would break up a table on the same terminal.
  if (!flags.top || !stdout.isTTY) {
    const write = flags.json
      ? collectConnections((log) => stdout.write(`${escapeInvisible(JSON.stringify(jsonLine(log)))}\n`))
      : collectConnections((log) => stdout.write(`${textLine(log)}\n`));
    seeing.push(write);
  }
  if (flags.top) {
    const table = top();
    races.push(table.add);
    const drawing = setInterval(() => screen.draw(table.draw((stderr.rows ?? 24) - 2)), REDRAW_INTERVAL);
    closing.push(() => {
      clearInterval(drawing);
      screen.clear();
      stderr.write(`${table.draw(Infinity)}\n`);
    });
  }
  if (flags.html !== undefined) {
    const report = openReport(String(flags.html), `Run by ${packageJson.name} ${packageJson.version}.`);
    races.push(report.add);
    closing.push(report.close);
  }
  if (flags.metrics !== undefined) {
    const metrics = await metricsAt(String(flags.metrics));
    seeing.push(metrics.count);
    closing.push(metrics.close);
  }
  if (flags.otel) closing.push(await traces());
  if (races.length > 0) seeing.push(collectRaces((race) => races.forEach((add) => add(race))));

  return {
    see: (event) => {
      if (event.type === 'listening') {
        const { address, port } = event;
        stderr.write(`Listening on ${formatEndpoint({ address, port, family: address.includes(':') ? 6 : 4 })}.\n`);
      }
      for (const see of seeing) see(event);
    },
    close: () => closing.forEach((close) => close()),
  };
}

async function metricsAt(text: string) {
  const [, host = '', port = ''] = /^(?:\[?([^\]]+)\]?:)?(\d{1,5})$/.exec(text) ?? [];
  if (port === '' || Number(port) > 65_535) throw invalidValue('--metrics', 'must be an address and a port', text);
  const { serveMetrics } = await library(() => import('./metrics.js'), 'prom-client', '--metrics');
  return serveMetrics(host || '127.0.0.1', Number(port)).catch((error: unknown) => {
    throw invalidValue('--metrics', `cannot be listened on (${reasonOf(toError(error))})`, text);
  });
}

async function traces(): Promise<() => void> {
  const { traceRaces } = await library(() => import('../../observe/otel.js'), '@opentelemetry/api', '--otel');
  return traceRaces();
}

/** Loads a module that needs an optional library. */
async function library<T>(load: () => Promise<T>, name: string, flag: string): Promise<T> {
  try {
    return await load();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw codedError('ERR_INVALID_ARG_VALUE', `"${flag}" needs the package ${name}: npm install ${name}`);
  }
}
