import type { Server } from './fates.js';

/** Which networks are tried. */
export interface ExploreOptions {
  /** What chance begins with: the same seed, the same networks. Default 1. */
  readonly seed?: number | undefined;
  /** How many networks. Default 1000. */
  readonly runs?: number | undefined;
  /** Goes straight to the network that an earlier exploration of the same seed has found: its `path`. */
  readonly path?: string | undefined;
  /** The most addresses of each family. Default 3. */
  readonly addresses?: number | undefined;
  /** The longest that answers and attempts take, in ms. Default 1000. */
  readonly latest?: number | undefined;
  /** What servers do with connections; connections that are slow, break or fall silent are then tried as well. */
  readonly serve?: Server | undefined;
  /** Whether a program may leave something behind. Default false. */
  readonly allowLeaks?: boolean | undefined;
}

/** What an exploration has tried. */
export interface Exploration {
  readonly seed: number;
  readonly runs: number;
}

/** The default values of options. */
export const DEFAULTS = { seed: 1, runs: 1000, addresses: 3, latest: 1000, allowLeaks: false };

/** Options including all defaults. */
export type Bounds = ExploreOptions & Required<Pick<ExploreOptions, keyof typeof DEFAULTS>>;
