import { FAMILIES } from '../core/address/address.js';
import { bothAnswered, sortedAddresses } from './in-order.js';
import { byFirstFamily, inLanes } from './lanes.js';
import { DEFAULT_PORT, answerOf, type ModelledAttempt, type ModelledClient, type ModelledNetwork } from './model.js';
import { NO_ADDRESS, nothingThere } from './nothing-there.js';

/**
 * ms; `net.Dialer.FallbackDelay`, which its documentation says is 300 ms.
 *
 * @see {@link https://pkg.go.dev/net#Dialer net.Dialer}
 */
const FALLBACK_DELAY = 300;

/** ms; Go's own resolver asks twice, and waits 5 s each time. A family that is not answered then counts as one without addresses. */
const RESOLVER_TIMEOUT = 10_000;

/**
 * Go 1.19's `net.Dialer`, without a time-out of its own.
 *
 * It waits for both answers, keeps the addresses of the first one's family and those of the other apart, and tries each list one
 * after another; the second list begins 300 ms later, or when the first has failed as a whole. A silent address is left to the
 * system, so that what follows it in its family is not tried for two minutes. TLS comes after the choice.
 */
export const go: ModelledClient = {
  name: 'Go 1.19',
  manner: `one at a time in each family, the second family ${FALLBACK_DELAY} ms later`,
  run(network) {
    const answered = givenUp(network);
    const from = Math.min(bothAnswered(network), RESOLVER_TIMEOUT);
    const addresses = sortedAddresses(answered);
    if (addresses.length === 0) return nothingThere(from, NO_ADDRESS.go);
    return inLanes(byFirstFamily(addresses), network, from, {
      fallbackDelay: FALLBACK_DELAY,
      // The error is that of the first list.
      error: (attempts) => ({ name: '*net.OpError', message: refused(attempts[0]!, network) }),
    });
  },
};

function refused({ address, family, code = '' }: ModelledAttempt, { port = DEFAULT_PORT }: ModelledNetwork): string {
  return `dial tcp ${family === 6 ? `[${address}]` : address}:${port}: connect: ${code}`;
}

/** The network without what comes too late. */
function givenUp(network: ModelledNetwork): ModelledNetwork {
  const [AAAA, A] = FAMILIES.map((family) => {
    const answer = answerOf(network, family);
    return answer.at <= RESOLVER_TIMEOUT ? answer : { at: RESOLVER_TIMEOUT, addresses: [] };
  });
  const known = new Set([...AAAA!.addresses, ...A!.addresses]);
  return { ...network, answers: { AAAA, A }, ...(network.order && { order: network.order.filter((one) => known.has(one)) }) };
}
