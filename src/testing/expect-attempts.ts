import { isDeepStrictEqual } from 'node:util';
import { parseAddress } from '../core/address.js';
import { invalidValue } from '../core/argument-errors.js';
import { life } from './assert-marbles.js';
import { marbleDiff } from './marble-diff.js';
import { parseSubscriptions } from './parse-marbles.js';
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
  const expected = new Map(network.starts.map(({ address }) => [address, [] as readonly string[]]));
  for (const [text, marbles] of Object.entries(lives)) {
    const parsed = parseAddress(text);
    if (!parsed) throw invalidValue(`lives['${text}']`, 'must be named by an IP address', text);
    expected.set(parsed.address, [marbles].flat());
  }
  const wrong = [...expected].flatMap(([address, marbles]) => {
    const [wanted, got] = [parseSubscriptions(marbles), network.subscriptions(address)];
    return Array.from({ length: Math.max(wanted.length, got.length) }, (_, i) => {
      const diagrams = [life(wanted[i]), life(got[i])] as const;
      const which = Math.max(wanted.length, got.length) > 1 ? `, attempt ${i + 1}` : '';
      return isDeepStrictEqual(...diagrams) ? [] : [`${address}${which}\n${marbleDiff(...diagrams)}`];
    }).flat();
  });
  if (wrong.length > 0) throw new Error(`the attempts are not as expected:\n\n${wrong.join('\n\n')}\n\n${network.timeline()}`);
}
