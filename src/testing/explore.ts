import { boolean, callable, checkEach, given, integer, string, type Checks } from '../core/checks.js';
import { errorCode, toError } from '../core/errors.js';
import type { Server } from './fates.js';
import type { VirtualNetwork } from './virtual-network.js';

/** Which networks are tried. */
export interface ExploreOptions {
  /** What chance begins with: the same seed, the same networks. Default 1. */
  readonly seed?: number;
  /** How many networks. Default 1000. */
  readonly runs?: number;
  /** Goes straight to the network that an earlier exploration of the same seed has found: its `path`. */
  readonly path?: string;
  /** The most addresses of each family. Default 3. */
  readonly addresses?: number;
  /** The longest that answers and attempts take, in ms. Default 1000. */
  readonly latest?: number;
  /** What servers do with connections; connections that are slow, break or fall silent are then tried as well. */
  readonly serve?: Server;
  /** Whether a program may leave something behind. Default false. */
  readonly allowLeaks?: boolean;
}

/** What an exploration has tried. */
export interface Exploration {
  readonly seed: number;
  readonly runs: number;
}

/** A network that a program cannot stand. */
export interface Finding {
  readonly bounds: Bounds;
  readonly path: string;
  /** The network, as code. */
  readonly code: string;
  /** What happened in it, as a picture. */
  readonly timeline: string;
  /** How many networks went well before. */
  readonly runs: number;
  /** Why: what the program has failed with, or what it has left. */
  readonly cause: Error;
}

/** The smallest network that an exploration has found in which a program fails. Its `cause` is how. */
export class ExplorationError extends Error {
  override readonly name: string = 'ExplorationError';
  readonly seed: number;
  readonly path: string;
  readonly code: string;
  readonly timeline: string;

  constructor({ bounds, path, code, timeline, runs, cause }: Finding) {
    super(
      [
        `after ${runs} networks that it stands, one in which the program fails: ${cause.message}`,
        `const network = ${code};`,
        timeline,
        `To try it again: explore(program, { ${written({ ...bounds, path })} })`,
      ].join('\n\n'),
      { cause },
    );
    this.seed = bounds.seed;
    this.path = path;
    this.code = code;
    this.timeline = timeline;
  }
}

/**
 * Runs a program in thousands of random networks, and looks for the smallest in which it fails: it throws, rejects or errors,
 * waits for ever, or leaves something behind. Whatever else must hold, the program checks by throwing.
 *
 *     await explore(async (network) => {
 *       const socket = await connect('example.com', 443, network).catch(() => undefined);
 *       socket?.destroy();
 *     }, { seed: 42, runs: 5000 });
 *
 * Needs the package fast-check.
 *
 * @throws ExplorationError (rejects) with the network as code, a picture, and what leads there again
 */
export async function explore(program: (network: VirtualNetwork) => unknown, options: ExploreOptions = {}): Promise<Exploration> {
  callable('program', program);
  checkEach('options', options, checks);
  const { exploration } = await load();
  return exploration(program, { ...DEFAULTS, ...given(options) });
}

const DEFAULTS = { seed: 1, runs: 1000, addresses: 3, latest: 1000, allowLeaks: false };

/** Options with every default filled in. */
export type Bounds = ExploreOptions & Required<Pick<ExploreOptions, keyof typeof DEFAULTS>>;

/** The options that lead to a network again, as code: all that are not as by default, and the seed. */
function written({ seed, path, serve, ...more }: Bounds): string {
  const { addresses, latest, allowLeaks } = DEFAULTS;
  const others = Object.entries({ addresses, latest, allowLeaks })
    .map(([name, byDefault]) => ({ name, byDefault, value: more[name as keyof typeof more] }))
    .flatMap(({ name, byDefault, value }) => (value === byDefault ? [] : [`${name}: ${value}`]));
  return [
    `seed: ${seed}`,
    ...others,
    ...(serve ? [serve.name === 'serve' ? 'serve' : `serve: ${serve.name || '…'}`] : []),
    `path: '${path}'`,
  ].join(', ');
}

const checks: Checks<ExploreOptions> = {
  seed: integer(-(2 ** 31), 2 ** 31 - 1),
  runs: integer(1, Number.MAX_SAFE_INTEGER),
  path: string,
  addresses: integer(1, 250),
  latest: integer(1, Number.MAX_SAFE_INTEGER),
  serve: callable,
  allowLeaks: boolean,
};

/** Only here is fast-check needed: what else is in this entry works without it. */
async function load(): Promise<typeof import('./exploration.js')> {
  try {
    return await import('./exploration.js');
  } catch (error) {
    if (errorCode(toError(error))?.endsWith('MODULE_NOT_FOUND') !== true) throw error;
    throw new Error('explore() needs the package fast-check, which is not installed', { cause: error });
  }
}
