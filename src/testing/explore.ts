import { boolean, callable, checkEach, given, integer, string, type Checks } from '../core/input/checks.js';
import { errorCode, toError } from '../core/error-tools.js';
import { DEFAULTS, type Exploration, type ExploreOptions } from './explore-options.js';
import type { VirtualNetwork } from './virtual-network.js';

/**
 * Runs a program in thousands of random networks, and looks for the smallest in which it fails: it throws, rejects or errors,
 * waits for ever, or leaves something behind. The program checks anything else itself, by throwing.
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
  checkEach('options', options, EXPLORE_CHECKS);
  const { exploration } = await load();
  return exploration(program, { ...DEFAULTS, ...given(options) });
}

const EXPLORE_CHECKS: Checks<ExploreOptions> = {
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
