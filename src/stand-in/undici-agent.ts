import { createRequire } from 'node:module';
import type { Agent, Dispatcher } from 'undici';
import { codedError } from '../core/error-tools.js';

/** The keys of undici's global dispatcher. Undici 8, and so Node 26, uses only the first. */
export const GLOBAL_DISPATCHERS = [Symbol.for('undici.globalDispatcher.2'), Symbol.for('undici.globalDispatcher.1')];

export const globals = globalThis as Record<symbol, Dispatcher | undefined>;

/** The parts of undici that are needed, from the program's undici or Node's own. */
interface Undici {
  readonly Agent: new (options: Agent.Options) => Agent;
  /** From undici 8 on: adapts an agent to handlers of earlier versions. */
  readonly Dispatcher1Wrapper?: new (dispatcher: Dispatcher) => Dispatcher;
}

/**
 * Creates an agent of the undici that the program has installed. Uses Node's own undici if none is installed, if the installed one
 * does not run on this Node, or if Node's `fetch` would not work with it.
 *
 * The agent accepts requests of Node's `fetch` and of the program's undici, whose handlers differ from version 8 on.
 */
export function createAgent(options: Agent.Options): Agent {
  // A bundled ES module has no `__filename`. Then the main module is the bundle.
  const ownFile = typeof __filename === 'undefined' ? undefined : __filename;
  const { Agent, Dispatcher1Wrapper } = installedUndici([mainModule(), ownFile]) ?? builtInUndici();
  const agent = new Agent(options);
  if (!Dispatcher1Wrapper) return agent;
  const wrapped = new Dispatcher1Wrapper(agent);
  const dispatch = agent.dispatch.bind(agent);
  agent.dispatch = (request, handler) => {
    if (typeof (handler as { onRequestStart?: unknown }).onRequestStart === 'function') return dispatch(request, handler);
    // Undici 6 leaves this option in, and undici 8 refuses it.
    const others: Dispatcher.DispatchOptions & { dispatcher?: Dispatcher } = { ...request };
    delete others.dispatcher;
    return wrapped.dispatch(others, handler);
  };
  return agent;
}

/**
 * The program's undici: the one that its main module would load, or else the one installed next to this package. The working
 * directory does not matter, since a program may be started from anywhere.
 *
 * @param files the files to look from, one after another
 * @param ownVersion of Node's own undici
 */
export function installedUndici(
  files: readonly (string | undefined)[],
  ownVersion = process.versions.undici,
): Undici | undefined {
  for (const file of files) {
    try {
      const require = createRequire(file!);
      const { version } = require('undici/package.json') as { version: string };
      return servesFetch(version, String(ownVersion)) ? (require('undici') as Undici) : undefined;
    } catch {
      // There is no file, or undici is not installed, or it does not run on this Node.
    }
  }
  return undefined;
}

/**
 * The real path of the program's main file. `undefined` for code from the command line, standard input or a prompt, where the first
 * argument belongs to the code.
 */
function mainModule(): string | undefined {
  const [, path] = process.argv;
  if (process.execArgv.some((flag) => TAKES_CODE.test(flag))) return undefined;
  try {
    return createRequire(path!).resolve(path!); // resolves `node .`, `node app` for app.js, and symbolic links
  } catch {
    // The file is gone, or the path is not absolute, and refused again where it is used.
    return path;
  }
}

/** Flags with which Node runs code instead of a file. */
const TAKES_CODE = /^(?:-[eip]+|--(?:eval|print)(?:=.*)?|--interactive)$/;

/** Whether an undici accepts the requests of Node's `fetch`. Undici 6 does not accept those of undici 8. */
function servesFetch(version: string, ownVersion: string): boolean {
  return majorOf(version) > 6 || majorOf(ownVersion) < 8;
}

function majorOf(version: string): number {
  return Number.parseInt(version, 10) || 0;
}

/** Node's own undici. Node loads it on the first `fetch` and sets its dispatcher, unless the program's undici has done so before. */
export function builtInUndici(): Undici {
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
