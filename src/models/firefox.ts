import { FAMILIES, parseAddress, type Address } from '../core/address/address.js';
import { alternated } from './in-order.js';
import { answerOf, type ModelledClient, type ModelledNetwork } from './model.js';
import { NO_ADDRESS, nothingThere } from './nothing-there.js';
import { staggered } from './staggered.js';

/** ms before the second attempt, doubled with each attempt in flight: 0, 50, 150, 350, 750. */
const CONNECTION_ATTEMPT_DELAY = 50;
const MULTIPLIER = 2;

/** ms; HEv3, "Summary of Configurable Values". */
const RESOLUTION_DELAY = 50;

/**
 * Firefox Nightly of 2026, whose `happy-eyeballs` follows the draft of Happy Eyeballs Version 3 with shorter delays.
 *
 * It waits for AAAA at most 50 ms beyond A, alternates the families, and starts attempts 50 ms apart, twice as much with each in
 * flight, or when the latest has failed. TLS belongs to the attempt.
 *
 * @see {@link https://github.com/mozilla/happy-eyeballs mozilla/happy-eyeballs}
 */
export const firefox: ModelledClient = {
  name: 'Firefox Nightly',
  manner: `side by side, ${CONNECTION_ATTEMPT_DELAY} ms apart at first`,
  run(network) {
    const addresses = known(network);
    const answered = FAMILIES.map((family) => answerOf(network, family).at);
    if (addresses.length === 0) return nothingThere(Math.max(...answered), NO_ADDRESS.firefox);
    return staggered(addresses, network, {
      delay: (inFlight) => CONNECTION_ATTEMPT_DELAY * MULTIPLIER ** (inFlight - 1),
      handshakes: 'raced',
      error: () => ({ code: 'NS_ERROR_CONNECTION_REFUSED', message: 'Unable to connect' }),
    });
  },
};

/** The addresses with the instants from which on they may be tried: those of A wait for AAAA, for the Resolution Delay. */
function known(network: ModelledNetwork): readonly (Address & { readonly knownAt: number })[] {
  const [six, four] = [answerOf(network, 6), answerOf(network, 4)];
  const opensAt = six.at <= four.at ? six.at : Math.min(six.at, four.at + RESOLUTION_DELAY);
  const sixFirst = six.at <= opensAt && six.addresses.length > 0;
  const positive = [six, four].filter(({ at, addresses }) => at < Infinity && addresses.length > 0);
  const order = alternated(network.order || sixFirst ? network : withoutLate(network));
  const isSix = (text: string) => parseAddress(text)?.family === 6;
  return order
    .map((address) => ({ ...address, knownAt: isSix(address.address) ? six.at : Math.max(four.at, opensAt) }))
    .filter(({ knownAt }) => knownAt < Infinity && positive.length > 0);
}

/** Where AAAA comes too late, IPv4 leads. */
function withoutLate(network: ModelledNetwork): ModelledNetwork {
  return { ...network, order: [...answerOf(network, 4).addresses, ...answerOf(network, 6).addresses] };
}
