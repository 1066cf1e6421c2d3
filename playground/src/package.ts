import { race } from '../../src/portable/race.js';
import { after, connects, fails, hangs, lost, nodata, nxdomain, refuses, servfail, service, virtualNetwork } from './network.js';
import type { TestingKit } from './simulate.js';

const kit = { after, connects, fails, hangs, lost, nodata, nxdomain, refuses, servfail, service, virtualNetwork };

/** What the page runs: the race of `rx-happy-eyeballs/core`, over a network of its own. */
export const PACKAGE = { race, kit: kit as unknown as TestingKit };
