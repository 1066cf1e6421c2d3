import { TestScheduler } from 'rxjs/testing';
import { invalidValue } from '../core/input/argument-errors.js';
import type { SubscriptionLog } from './report.js';

/** One thing that happens in marbles. */
export interface Marble {
  /** ms; a character of a diagram is one. */
  readonly at: number;
  readonly marble: string;
  /** Where it is in the text, from 1 on. */
  readonly column: number;
}

/** RxJS's reader of marbles as it is within `TestScheduler.run`, where a character is one ms. */
class MarbleReader extends TestScheduler {
  static override frameTimeFactor = 1;
}

/**
 * Marbles as RxJS reads them within `TestScheduler.run`: a character a ms, spaces for the eye, `(…)` for the same ms, `20ms `
 * for so much time.
 *
 * @param name where they are in the description, for errors
 */
export function parseMarbles(name: string, marbles: string): Marble[] {
  checkLength(name, marbles);
  if (/[\^!]/.test(marbles)) throw invalidValue(name, 'must have no ^ and no !, which stand for subscriptions', marbles);
  if (/[()]/.test(marbles.replace(/\([^()]*\)/g, ''))) throw invalidValue(name, 'must close each ( with a )', marbles);
  const time = /(?<=[^\s\d.])[\d.]+ms|(?<![\d.])[\d.]+ms(?=\S)/.exec(marbles)?.[0];
  if (time) throw invalidValue(name, `must have a space before and after ${time}`, marbles);
  try {
    const messages = MarbleReader.parseMarbles(marbles, undefined, undefined, false, true);
    let column = 0;
    return messages.map(({ frame, notification }) => {
      const marble = notification.kind === 'N' ? String(notification.value) : notification.kind === 'E' ? '#' : '|';
      column = marbles.indexOf(marble, column) + 1;
      return { at: frame, marble, column };
    });
  } catch (error) {
    throw invalidValue(name, `is not in marbles (${(error as Error).message})`, marbles);
  }
}

/** A subscription in marbles: `'--^---!'`. */
export function parseSubscription(name: string, marbles: string): SubscriptionLog {
  checkLength(name, marbles);
  try {
    return MarbleReader.parseMarblesAsSubscriptions(marbles, true);
  } catch (error) {
    throw invalidValue(name, `is not in marbles (${(error as Error).message})`, marbles);
  }
}

/** RxJS's reader takes the square of the time for text with many numbers. Long times are written as such: `10000ms`. */
const LONGEST_MARBLES = 10_000;

function checkLength(name: string, marbles: string): void {
  if (marbles.length > LONGEST_MARBLES) throw invalidValue(name, `must have at most ${LONGEST_MARBLES} characters`, marbles);
}
