import { TestScheduler, type RunHelpers } from 'rxjs/testing';
import { connect$, type Answer, type RaceOptions, type Transport } from '../../src/index.js';
import { assertMarbles, behaves, virtualNetwork } from '../../src/testing/index.js';
import { A, AAAA } from './virtual-race.js';

/** Addresses by the letter that stands for their endpoint in a diagram. */
export const ADDRESSES = {
  s: '2001:db8::5',
  t: '2001:db8::6',
  e: '192.0.2.8',
  f: '192.0.2.9',
} as const;

export type Letter = keyof typeof ADDRESSES;

/** Delays short enough for a race to fit one diagram: Resolution Delay 5, Connection Attempt Delay 10. */
const SHORT: RaceOptions = { resolutionDelay: 5, connectionAttemptDelay: 10, connectTimeout: 100 };

/** Answers by letter: an answer of these endpoints. */
export const answers = (letters: string): Answer => {
  const addresses = Array.from(letters, (letter) => ADDRESSES[letter as Letter]);
  return 'st'.includes(letters[0]!) ? AAAA(...addresses) : A(...addresses);
};

/**
 * Runs a race whose answers and attempts are given as marbles, in the TestScheduler's time.
 *
 * `dns` is a look-up; each letter's marbles are the attempt on its endpoint. Expects the winner, and of each attempt when it
 * was started (`^`) and when it was ended (`!`); none for endpoints that were never tried.
 */
export function expectRace(
  race: (helpers: RunHelpers) => {
    dns: readonly [marbles: string, values: Record<string, Answer>];
    attempts: Partial<Record<Letter, string>>;
    lives: Partial<Record<Letter, string>>;
    winner: readonly [marbles: string, values?: unknown, error?: unknown];
    unsubscribed?: string;
    options?: RaceOptions;
  },
): void {
  const scheduler = new TestScheduler(assertMarbles);
  scheduler.run((helpers) => {
    const { dns, attempts, lives, winner, unsubscribed, options } = race(helpers);
    const letters = Object.entries(ADDRESSES) as [Letter, string][];
    const network = virtualNetwork({
      scheduler,
      dns: () => helpers.cold(...dns),
      endpoints: Object.fromEntries(
        letters.map(([letter, address]) => [address, behaves(() => helpers.cold(attempts[letter] ?? ''))]),
      ),
    });
    // What these attempts emit are letters.
    const transport = network.transport as Transport<unknown> as Transport<string>;
    const race$ = connect$('example.com', 443, { ...network, ...SHORT, transport, ...options });
    helpers.expectObservable(race$, unsubscribed).toBe(...(winner as [string, Record<string, string>?, unknown?]));
    for (const [letter, address] of letters) {
      helpers.expectSubscriptions(network.subscriptions(address)).toBe(lives[letter] ?? []);
    }
  });
}
