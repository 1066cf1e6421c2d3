import type { Races } from '../stand-in/patch.js';
import { loadRaces } from './load.js';

/** Replaces stand-in/races.ts in Node's build, so that a process that connects to no name does not load the races. */
export const races: Races = {
  racing: (options) => loadRaces().racing(options),
  plainRacing: (others, race, connector) => loadRaces().plainRacing(others, race, connector),
  connectByRace: (create, destination, racing) => loadRaces().connectByRace(create, destination, racing),
  connectFiltered: (create, destination, filters) => loadRaces().connectFiltered(create, destination, filters),
  hasConnection: (socket) => loadRaces().hasConnection(socket),
  rankLookups: (areRanked, options) => loadRaces().rankLookups(areRanked, options),
};
