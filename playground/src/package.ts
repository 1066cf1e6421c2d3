import {
  after,
  connects,
  fails,
  hangs,
  lost,
  nodata,
  nxdomain,
  race,
  refuses,
  servfail,
  service,
  virtualNetwork,
} from '../../src/portable/index.js';

/** What the page needs of `rx-happy-eyeballs/core`, by name, so that nothing else is in its bundle. */
export const PACKAGE = {
  race,
  kit: { after, connects, fails, hangs, lost, nodata, nxdomain, refuses, servfail, service, virtualNetwork },
};
