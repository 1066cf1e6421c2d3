import type { startRecorder as start } from '../observe/recorder.js';
import { loadRecorder } from './load.js';

/** In Node's build this is in place of observe/recorder.ts: a process whose races are not recorded does not load it. */
export const startRecorder: typeof start = (path, env) => {
  loadRecorder().startRecorder(path, env);
};
