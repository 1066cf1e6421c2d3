import type * as index from '../index.js';
import type { Races } from '../stand-in/patch.js';

// Node runs the build as CommonJS, in which this is Node's own `require`, and the files stand beside those that load them.
declare const require: (path: string) => unknown;

let all: typeof index | undefined;
let races: Races | undefined;

/** What `rx-happy-eyeballs` exports, loaded with the first call. */
export const loadAll = () => (all ??= require('./all.cjs') as typeof index);

/** What connects sockets by races, loaded with the first call. */
export const loadRaces = () => (races ??= (require('./races.cjs') as { races: Races }).races);
