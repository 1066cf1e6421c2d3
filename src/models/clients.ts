import { asyncio } from './asyncio.js';
import { curl } from './curl.js';
import { firefox } from './firefox.js';
import { go } from './go.js';
import type { ModelledClient } from './model.js';
import { node20, node26 } from './node.js';

/** The clients that there is a model of, in the order of tables. */
export const clients: readonly ModelledClient[] = [node20, node26, asyncio, go, curl, firefox];
