import { createRequire } from 'node:module';
import { isAbsolute } from 'node:path';
import type { Agent, Dispatcher } from 'undici';
import { codedError } from '../core/error-tools.js';

/** Where undici keeps the dispatcher of the process. Undici 8, and so Node from 26 on, looks into the first alone. */
export const GLOBAL_DISPATCHERS = [Symbol.for('undici.globalDispatcher.2'), Symbol.for('undici.globalDispatcher.1')];

export const globals = globalThis as Record<symbol, Dispatcher | undefined>;

/** What agents are made of: of the undici that a program has, or of the one within Node. */
interface Undici {
  readonly Agent: new (options: Agent.Options) => Agent;
  /** From 8 on: shows an agent to the handlers that requests of earlier undicis have. */
  readonly Dispatcher1Wrapper?: new (dispatcher: Dispatcher) => Dispatcher;
}

/**
 * An agent of the undici that the program has installed, or else of the one within Node: where none is installed, where the
 * installed one does not run on this Node, and where Node's `fetch` would not work with it.
 *
 * It takes the requests of Node's `fetch` and those of the program's undici. From 8 on these have handlers of another kind.
 */
export function createAgent(options: Agent.Options): Agent {
  const { Agent, Dispatcher1Wrapper } = installedUndici() ?? builtInUndici();
  const agent = new Agent(options);
  if (!Dispatcher1Wrapper) return agent;
  const wrapped = new Dispatcher1Wrapper(agent);
  const dispatch = agent.dispatch.bind(agent);
  agent.dispatch = (request, handler) => {
    if (typeof (handler as { onRequestStart?: unknown }).onRequestStart === 'function') return dispatch(request, handler);
    // Undici 6 leaves it in, and undici 8 refuses it.
    const others: Dispatcher.DispatchOptions & { dispatcher?: Dispatcher } = { ...request };
    delete others.dispatcher;
    return wrapped.dispatch(others, handler);
  };
  return agent;
}

/**
 * The undici of the program: the one that its main module would get, or else the one beside which this package is installed. The
 * working directory has no say, as a program may be started from anywhere.
 */
function installedUndici(): Undici | undefined {
  // A bundle that is an ES module has no `__filename`; then the main module is the bundle.
  const ownFile = typeof __filename === 'undefined' ? undefined : __filename;
  for (const file of [mainModule(), ownFile]) {
    try {
      if (file === undefined) continue;
      const require = createRequire(file);
      const { version } = require('undici/package.json') as { version: string };
      return servesFetch(version) ? (require('undici') as Undici) : undefined;
    } catch {
      // It is not there, or does not run on this Node.
    }
  }
  return undefined;
}

/**
 * The real path of the file that Node was told to run. Undefined for code from the command line, standard input or a prompt: there
 * the first argument belongs to the code.
 */
function mainModule(): string | undefined {
  const [, path] = process.argv;
  if (path === undefined || !isAbsolute(path) || process.execArgv.some((flag) => TAKES_CODE.test(flag))) return undefined;
  try {
    return createRequire(path).resolve(path); // `node .`, `node app` for app.js, symbolic links
  } catch {
    return path;
  }
}

/** Flags with which Node runs no file. */
const TAKES_CODE = /^(?:-[eip]+|--(?:eval|print)(?:=.*)?|--interactive)$/;

/** Undici 6 does not take the requests that the `fetch` of undici 8 makes. */
function servesFetch(version: string): boolean {
  return majorOf(version) > 6 || majorOf(process.versions.undici ?? '') < 8;
}

function majorOf(version: string): number {
  return Number.parseInt(version, 10) || 0;
}

/** Node loads its undici with the first `fetch`, and has its dispatcher then, unless the program's undici was there before. */
function builtInUndici(): Undici {
  if (GLOBAL_DISPATCHERS.some((key) => globals[key] === undefined)) void fetch('data:,');
  const classes = GLOBAL_DISPATCHERS.flatMap((key) => globals[key]?.constructor ?? []);
  const Agent = ['Agent', 'EnvHttpProxyAgent'].flatMap((wanted) => classes.find(({ name }) => name === wanted) ?? [])[0];
  const Dispatcher1Wrapper = classes.find(({ name }) => name === 'Dispatcher1Wrapper');
  if (Agent) return { Agent, Dispatcher1Wrapper } as unknown as Undici;
  const found = classes.map(({ name }) => name).join(', ');
  throw codedError(
    'ERR_UNDICI_NOT_FOUND',
    `There is no undici to make an agent of: Node's own is behind another dispatcher (${found}). Install undici 7 or 8, or call this before that dispatcher is set`,
  );
}
