import { alternated, bothAnswered } from './in-order.js';
import { NO_ADDRESS, nothingThere } from './nothing-there.js';
import type { ModelledClient } from './model.js';
import { staggered } from './staggered.js';

/**
 * s of `happy_eyeballs_delay`; what aiohappyeyeballs, and so aiohttp, passes.
 *
 * @see {@link https://docs.python.org/3/library/asyncio-eventloop.html#asyncio.loop.create_connection asyncio}
 */
const HAPPY_EYEBALLS_DELAY = 250;

/**
 * Python's asyncio 3.11 with `happy_eyeballs_delay=0.25`, and aiohappyeyeballs 2.7, which is the same for libraries.
 *
 * It asks `getaddrinfo` and waits for both families, alternates them, and starts an attempt every 250 ms, or when the latest has
 * failed; none is aborted and there is no limit of attempts. TLS comes after the choice.
 */
export const asyncio: ModelledClient = {
  name: 'asyncio 3.11',
  manner: `side by side, ${HAPPY_EYEBALLS_DELAY} ms apart`,
  run(network) {
    const knownAt = bothAnswered(network);
    const addresses = alternated(network).map((address) => ({ ...address, knownAt }));
    if (knownAt === Infinity || addresses.length === 0) return nothingThere(knownAt, NO_ADDRESS.python);
    return staggered(addresses, network, {
      delay: () => HAPPY_EYEBALLS_DELAY,
      handshakes: 'after the choice',
      error: (attempts) => ({ name: 'OSError', message: `Multiple exceptions: ${attempts.map(({ code }) => code).join(', ')}` }),
    });
  },
};
