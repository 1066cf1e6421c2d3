import { debuglog } from 'node:util';

/** Says what is passed over in silence otherwise, on standard error, with `NODE_DEBUG=rx-happy-eyeballs`. */
export const debug = debuglog('rx-happy-eyeballs');
