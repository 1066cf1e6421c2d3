import type { Races } from './patch.js';
import { connectByRace } from './connect-by-race.js';
import { connectFiltered } from './connect-filtered.js';
import { hasConnection } from './has-connection.js';
import { rankLookups } from './lookups.js';
import { plainRacing } from './misplaced.js';
import { racing } from './racing.js';

/** The code that `register` needs once a socket connects to a name. */
export const races: Races = { racing, plainRacing, connectByRace, connectFiltered, hasConnection, rankLookups };
