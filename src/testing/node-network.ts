import { setImmediate } from 'node:timers';
import { Network } from './network.js';
import { NodePorts } from './ports.js';
import type { NetworkDescription, VirtualNetwork } from './virtual-network.js';
import { openConnection } from './virtual-socket.js';

/** Node's own, as it is now: tests put others in its place. */
const inNextTurn = setImmediate;

function turn(): Promise<void> {
  // The mark of those fakes that also get at `node:timers`.
  if ('clock' in inNextTurn) throw new Error('import rx-happy-eyeballs/testing before fake timers are put in place');
  return new Promise((resolve) => inNextTurn(resolve));
}

/**
 * A network in virtual time: what DNS answers and when, and what becomes of each attempt to connect.
 *
 *     virtualNetwork({
 *       dns: { AAAA: after(10, ['2001:db8::1']), A: ['192.0.2.1'] },
 *       endpoints: { '2001:db8::1': hangs(), '192.0.2.1': connects(40) },
 *     })
 *
 * The network is the options that put a race into it: `connect$('example.com', 443, network)`, or with others
 * `{ ...network, connectTimeout: 300 }`. Afterwards it knows what has happened.
 *
 * @throws TypeError, RangeError at the call, with Node's codes, naming the place in the description that makes no sense: a
 * negative time, text that is not an address, an address without a fate, or with two
 */
export function virtualNetwork(description: NetworkDescription = {}): VirtualNetwork {
  return new Network(description, { open: openConnection, turn, ports: (clock, records) => new NodePorts(clock, records) });
}
