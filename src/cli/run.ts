import packageJson from '../../package.json' with { type: 'json' };
import { notGiven } from '../core/input/argument-errors.js';
import { proxy$, type ProxyEvent } from '../proxy/index.js';
import { nodeOptions } from './env.js';
import type { Flags } from './flag.js';
import { openReport } from './proxy/open-report.js';
import { proxyOptions } from './proxy/flags.js';
import { collectRaces } from './proxy/races.js';
import { runProgram } from './run-program.js';
import type { Terminal } from './terminal.js';

/**
 * `rx-happy-eyeballs run -- <command…>`: runs a command that connects through a proxy of its own.
 *
 * @param register the URL of the entry `rx-happy-eyeballs/register`, with which programs of Node race without the proxy
 * @returns the exit status of the command, or 128 plus the number of the signal that ended it
 */
export async function runCommand(
  command: readonly string[],
  flags: Flags,
  terminal: Terminal,
  register: string,
): Promise<number> {
  if (command.length === 0) throw notGiven('command', ' after --, as in: run -- curl https://example.com');
  const options = { ...proxyOptions(flags), listen: { host: '127.0.0.1', port: 0 } };
  const events$ = proxy$(options);
  const report =
    flags.html === undefined ? undefined : openReport(String(flags.html), `Run by ${packageJson.name} ${packageJson.version}.`);
  const see = report && collectRaces(report.add);
  return new Promise((resolve, reject) => {
    const end = (settle: () => void) => {
      subscription.unsubscribe();
      report?.close();
      settle();
    };
    const subscription = events$.subscribe({
      next: (event: ProxyEvent) => {
        see?.(event);
        if (event.type !== 'listening') return;
        void runProgram(command, terminal, { ...process.env, ...proxyEnv(event.port, register) }).then((status) =>
          end(() => resolve(status)),
        );
      },
      error: (error: unknown) => end(() => reject(error)),
    });
  });
}

/** The environment variables for a proxy, in lower and upper case because some programs read only one of them. */
export function proxyEnv(port: number, register: string, env: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  const url = `http://127.0.0.1:${port}`;
  const names = ['http_proxy', 'https_proxy', 'all_proxy'].flatMap((name) => [name, name.toUpperCase()]);
  return {
    ...Object.fromEntries(names.map((name) => [name, url])),
    NODE_OPTIONS: nodeOptions(env.NODE_OPTIONS ?? '', register),
  };
}
