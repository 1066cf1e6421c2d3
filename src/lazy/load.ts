import type * as all from '../index.js';
import type { Races } from '../stand-in/patch.js';

// Node runs the build as CommonJS, in which this is Node's own `require`, and the files stand beside those that load them.
declare const require: (path: string) => unknown;

/** What `rx-happy-eyeballs` exports, loaded with the first call. */
export const loadAll = () => require('./all.cjs') as typeof all;

/** What connects sockets by races, loaded with the first call. */
export const loadRaces = () => (require('./races.cjs') as { races: Races }).races;
