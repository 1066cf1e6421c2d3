import type net from 'node:net';
import type { Observable } from 'rxjs';
import { formatDuration } from '../core/duration.js';
import { formatEndpoint } from '../core/endpoint.js';
import { ConnectionError } from '../core/errors.js';
import type { RaceEvent } from '../core/events.js';
import { timeline } from '../pictures/timeline.js';

export const WON = 0;
export const LOST = 1;
export const BAD_ARGUMENTS = 2;
export const INTERRUPTED = 130;

/** What a command needs of `process`. */
export interface Terminal {
  readonly stdout: { write(text: string): unknown; readonly columns?: number };
  readonly stderr: { write(text: string): unknown; readonly isTTY?: boolean };
  once(signal: 'SIGINT', listener: () => void): unknown;
  off(signal: 'SIGINT', listener: () => void): unknown;
}

const CLEAR_LINE = '\r\x1b[K';

/**
 * Runs a race, draws it when it is over and says in a sentence how it ended. The winner is closed again. Ctrl-C cancels the
 * race.
 *
 * @returns the exit status
 */
export function showRace(race$: Observable<RaceEvent<net.Socket>>, terminal: Terminal): Promise<number> {
  const { stdout, stderr } = terminal;
  const events: RaceEvent<net.Socket>[] = [];
  return new Promise((resolve, reject) => {
    const end = (status: number, conclusion: string) => {
      terminal.off('SIGINT', interrupt);
      if (stderr.isTTY) stderr.write(CLEAR_LINE);
      stdout.write(`${timeline(events, { width: stdout.columns || undefined })}\n\n`);
      (status === WON ? stdout : stderr).write(`${conclusion}\n`);
      resolve(status);
    };
    const interrupt = () => {
      race.unsubscribe();
      end(INTERRUPTED, 'Interrupted: the race was cancelled and everything is closed.');
    };
    terminal.once('SIGINT', interrupt);
    const race = race$.subscribe({
      next: (event) => {
        events.push(event);
        if (stderr.isTTY) stderr.write(CLEAR_LINE + progress(event));
        if (event.type !== 'connected') return;
        event.value.destroy();
        end(WON, `${formatEndpoint(event.endpoint)} won after ${formatDuration(event.at)}. The others are closed.`);
      },
      error: (error: unknown) => {
        if (error instanceof ConnectionError) end(LOST, error.message);
        else reject(error);
      },
    });
  });
}

/** What is going on while nothing else is to be seen. */
function progress(event: RaceEvent): string {
  const what = event.type === 'answered' ? event.answer.type : 'endpoint' in event ? formatEndpoint(event.endpoint) : '';
  return `${formatDuration(event.at)}: ${event.type} ${what}`;
}
