import type * as index from '../index.js';
import type * as recorder from '../observe/recorder.js';
import type { Races } from '../stand-in/patch.js';

// Node runs the build as CommonJS, where this is Node's own `require`, and the loaded files are in the same folder.
declare const require: (path: string) => unknown;

let all: typeof index | undefined;
let races: Races | undefined;

/** Everything that `rx-happy-eyeballs` exports, loaded on the first call. */
export const loadAll = () => (all ??= require('./all.cjs') as typeof index);

/** The code that connects sockets by races, loaded on the first call. */
export const loadRaces = () => (races ??= (require('./races.cjs') as { races: Races }).races);

/** What records races, loaded where they are to be recorded. */
export const loadRecorder = () => require('./recorder.cjs') as typeof recorder;
