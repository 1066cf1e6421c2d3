import { debuglog } from 'node:util';

/** Logs to standard error, with `NODE_DEBUG=rx-happy-eyeballs`, what is otherwise ignored silently. */
export const debug = debuglog('rx-happy-eyeballs');
