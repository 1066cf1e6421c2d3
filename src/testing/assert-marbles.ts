import { inspect, isDeepStrictEqual } from 'node:util';
import { isObject } from '../core/input/checks.js';
import { life, type Subscribed } from './life.js';
import { marbleDiff, type Diagram } from './marble-diff.js';

/** What RxJS compares: a notification at a frame. */
interface Message {
  readonly frame: number;
  readonly notification: { readonly kind: 'N' | 'E' | 'C'; readonly value?: unknown; readonly error?: unknown };
}

/**
 * Compares what happened with what was expected, for every test runner: `new TestScheduler(assertMarbles)`.
 *
 * @throws Error with both as marbles, one above the other, the column marked in which they differ first, and what values are
 * behind the letters. A matcher of a runner (`expect.objectContaining(…)`) may stand for a value.
 */
export function assertMarbles(actual: unknown, expected: unknown): void {
  if (are(isSubscribed, actual) && are(isSubscribed, expected)) {
    assertSubscriptions(actual, expected);
  } else if (are(isMessage, actual) && are(isMessage, expected)) {
    assertMessages(actual, expected);
  } else if (!matches(actual, expected)) {
    throw new Error(`expected ${print(expected)}, and got ${print(actual)}`);
  }
}

function assertSubscriptions(actual: readonly Subscribed[], expected: readonly Subscribed[]): void {
  const pairs = Array.from({ length: Math.max(actual.length, expected.length) }, (_, i) => [expected[i], actual[i]] as const);
  const wrong = pairs.flatMap(([wanted, got], i) => {
    const diagrams = [life(wanted), life(got)] as const;
    if (isDeepStrictEqual(...diagrams)) return [];
    return [`${pairs.length > 1 ? `subscription ${i + 1}:\n` : ''}${marbleDiff(...diagrams)}`];
  });
  if (wrong.length > 0) throw new Error(`subscriptions are not as expected:\n\n${wrong.join('\n\n')}`);
}

function assertMessages(actual: readonly Message[], expected: readonly Message[]): void {
  const same =
    actual.length === expected.length &&
    actual.every((message, i) => message.frame === expected[i]!.frame && sameNotification(message, expected[i]!));
  if (same) return;
  const letters = new Letters();
  // First those that are expected, so that they have the first letters.
  const diagrams = [diagramOf(expected, letters), diagramOf(actual, letters)] as const;
  throw new Error(`the stream is not as expected:\n\n${marbleDiff(...diagrams)}\n\n${letters.legend()}`.trimEnd());
}

function diagramOf(messages: readonly Message[], letters: Letters): Diagram {
  const frames = new Map<number, string>();
  for (const message of messages) frames.set(message.frame, (frames.get(message.frame) ?? '') + letters.of(message));
  return new Map([...frames].map(([frame, marbles]) => [frame, marbles.length > 1 ? `(${marbles})` : marbles]));
}

/** A letter for each value; errors have capitals after the first, which is `#`. */
class Letters {
  readonly #known: { readonly message: Message; readonly letter: string }[] = [];

  of(message: Message): string {
    const { kind, value } = message.notification;
    if (kind === 'C') return '|';
    const known = this.#known.find((one) => sameNotification(message, one.message));
    if (known) return known.letter;
    const taken = new Set(this.#known.map(({ letter }) => letter));
    const own = typeof value === 'string' && value.length === 1 ? [value] : [];
    const candidates = kind === 'E' ? ['#', ...CAPITALS] : [...own, ...SMALL];
    const letter = candidates.find((candidate) => !taken.has(candidate)) ?? '?';
    this.#known.push({ message, letter });
    return letter;
  }

  legend(): string {
    return this.#known
      .map(({ message: { notification }, letter }) => {
        const what = notification.kind === 'E' ? notification.error : notification.value;
        return what === letter ? '' : `  ${letter}: ${print(what)}\n`;
      })
      .join('');
  }
}

const SMALL = Array.from('abcdefghijklmnopqrstuvwxyz');
const CAPITALS = Array.from('ABCDEFGHIJKLMNOPQRSTUVWXYZ');

function sameNotification(actual: Message, expected: Message): boolean {
  const [a, e] = [actual.notification, expected.notification];
  return a.kind === e.kind && matches(a.value, e.value) && matches(a.error, e.error);
}

/** Matchers of test runners know by themselves. */
function matches(actual: unknown, expected: unknown): boolean {
  for (const [matcher, value] of [
    [expected, actual],
    [actual, expected],
  ]) {
    const { asymmetricMatch } = (isObject(matcher) ? matcher : {}) as { asymmetricMatch?: unknown };
    if (typeof asymmetricMatch === 'function') return Boolean(asymmetricMatch.call(matcher, value));
  }
  return isDeepStrictEqual(actual, expected);
}

/** Errors by name and message: what else there is to a failed race would fill a page. */
function print(value: unknown): string {
  if (value instanceof Error) return String(value);
  return inspect(value, { depth: 3, breakLength: Infinity });
}

function are<T>(isOne: (value: unknown) => value is T, values: unknown): values is readonly T[] {
  return Array.isArray(values) && values.every(isOne);
}

function isSubscribed(value: unknown): value is Subscribed {
  return isObject(value) && 'subscribedFrame' in value;
}

function isMessage(value: unknown): value is Message {
  return isObject(value) && 'frame' in value && 'notification' in value;
}
