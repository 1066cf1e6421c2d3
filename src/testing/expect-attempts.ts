import { isDeepStrictEqual } from 'node:util';
import { parseAddress } from '../core/address/address.js';
import { invalidType, invalidValue } from '../core/input/argument-errors.js';
import { isObject } from '../core/input/checks.js';
import { life } from './life.js';
import { marbleDiff } from './marble-diff.js';
import { parseSubscription } from './parse-marbles.js';
import { isPlainObject } from './plain-object.js';
import type { SubscriptionLog } from './report.js';
import type { VirtualNetwork } from './virtual-network.js';

/**
 * Expects of each attempt when it began (`^`) and when it ended (`!`), in the time of the scheduler; for several attempts on an
 * address several diagrams. Addresses that are not named must not have been tried.
 *
 *     expectAttempts(network, {
 *       '2001:db8::1': '^------------!',
 *       '192.0.2.1': '  ----------^--!',
 *     });
 *
 * @throws Error with a pair of diagrams for each attempt that was otherwise, the column marked in which they differ first
 */
export function expectAttempts(network: VirtualNetwork, lives: Readonly<Record<string, string | readonly string[]>>): void {
  if (!isObject(network) || typeof (network as Partial<VirtualNetwork>).subscriptions !== 'function') {
    throw invalidType('network', 'a virtual network', network);
  }
  const named = livesByAddress(lives);
  const addresses = new Set([...network.starts.map(({ address }) => address), ...named.keys()]);
  const wrong = [...addresses].flatMap((address) => {
    const [wanted, got] = [named.get(address) ?? [], network.subscriptions(address)];
    return Array.from({ length: Math.max(wanted.length, got.length) }, (_, i) => {
      const diagrams = [life(wanted[i]), life(got[i])] as const;
      const which = Math.max(wanted.length, got.length) > 1 ? `, attempt ${i + 1}` : '';
      return isDeepStrictEqual(...diagrams) ? [] : [`${address}${which}\n${marbleDiff(...diagrams)}`];
    }).flat();
  });
  if (wrong.length > 0) throw new Error(`the attempts are not as expected:\n\n${wrong.join('\n\n')}\n\n${network.timeline()}`);
}

function livesByAddress(lives: unknown): Map<string, SubscriptionLog[]> {
  if (!isPlainObject(lives)) throw invalidType('lives', 'an object of marbles by address', lives);
  const named = new Map<string, SubscriptionLog[]>();
  for (const [text, marbles] of Object.entries(lives)) {
    const name = `lives['${text}']`;
    const address = parseAddress(text)?.address;
    if (address === undefined) throw invalidValue(name, 'must be named by an IP address', text);
    if (named.has(address)) throw invalidValue(name, 'is the same address as another', marbles);
    const diagrams = [marbles].flat().map((one) => {
      if (typeof one !== 'string') throw invalidType(name, 'marbles, or a list of them', one);
      return parseSubscription(name, one);
    });
    named.set(address, diagrams);
  }
  return named;
}
