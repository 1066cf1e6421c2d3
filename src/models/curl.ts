import { bothAnswered, sortedAddresses } from './in-order.js';
import { byFirstFamily, inLanes } from './lanes.js';
import type { ModelledClient } from './model.js';
import { NO_ADDRESS, nothingThere } from './nothing-there.js';

/**
 * ms; `CURLOPT_HAPPY_EYEBALLS_TIMEOUT_MS`.
 *
 * @see {@link https://curl.se/libcurl/c/CURLOPT_HAPPY_EYEBALLS_TIMEOUT_MS.html its documentation}
 */
const HAPPY_EYEBALLS_TIMEOUT = 200;

/**
 * curl 7.88.
 *
 * It waits for both answers, and has one attempt a family: the second family begins 200 ms after the first, or when all of the
 * first have failed. Within a family an address follows where the one before has failed. Of a family with several addresses, the
 * failure of any but the first is noticed when the second family's time has come: measured, 205 ms for 2 + 2 addresses that all
 * refuse at once. TLS comes after the choice.
 *
 * curl 8.20 is another: attempts side by side, at most 6, and a Resolution Delay of 25 ms.
 */
export const curl: ModelledClient = {
  name: 'curl 7.88',
  manner: `one at a time in each family, the second family ${HAPPY_EYEBALLS_TIMEOUT} ms later`,
  run(network) {
    const from = bothAnswered(network);
    const addresses = sortedAddresses(network);
    if (from === Infinity || addresses.length === 0) return nothingThere(from, NO_ADDRESS.curl);
    return inLanes(byFirstFamily(addresses), network, from, {
      fallbackDelay: HAPPY_EYEBALLS_TIMEOUT,
      noticedAt: (index, failedAt) => (index === 0 ? failedAt : Math.max(failedAt, HAPPY_EYEBALLS_TIMEOUT)),
      error: () => ({ code: 'CURLE_COULDNT_CONNECT', message: 'Failed to connect to server' }),
    });
  },
};
