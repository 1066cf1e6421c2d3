/** What happens at an instant in a diagram; several things in one ms are one text: `(ab)`. */
export type Diagram = ReadonlyMap<number, string>;

/** ms without anything beyond which a diagram says how many they are. */
const LONGEST_GAP = 20;

/**
 * Two diagrams one above the other, on the same axis of time, and where they first differ.
 *
 *     expected  --^-----!
 *     actual    --^--!
 *                    ▲ 5 ms
 */
export function marbleDiff(expected: Diagram, actual: Diagram): string {
  const instants = [...new Set([...expected.keys(), ...actual.keys()])].sort((a, b) => a - b);
  const differing = instants.find((at) => expected.get(at) !== actual.get(at));
  const lines = { expected: '', actual: '' };
  let mark = 0;
  let next = 0;
  for (const at of instants) {
    const gap = dashes(at - next);
    const marbles = [expected.get(at) ?? '-', actual.get(at) ?? '-'] as const;
    const width = Math.max(...marbles.map((marble) => marble.length));
    if (at === differing) mark = lines.expected.length + gap.length;
    lines.expected += gap + marbles[0].padEnd(width);
    lines.actual += gap + marbles[1].padEnd(width);
    next = at + 1;
  }
  const marked = differing === undefined ? [] : [`          ${' '.repeat(mark)}▲ ${differing} ms`];
  return [`expected  ${trimmed(lines.expected)}`, `actual    ${trimmed(lines.actual)}`, ...marked].join('\n');
}

/** A diagram as RxJS reads it. */
export function marblesOf(diagram: Diagram): string {
  let next = 0;
  const parts = [...diagram].map(([at, marble]) => {
    const gap = dashes(at - next);
    next = at + 1;
    return gap + marble;
  });
  return parts.join('');
}

/** Time in which nothing happens, as RxJS reads it. What is less than 1 ms after the last is drawn beside it. */
function dashes(ms: number): string {
  if (ms <= 0) return '';
  return Number.isInteger(ms) && ms <= LONGEST_GAP ? '-'.repeat(ms) : ` ${ms}ms `;
}

/** Nothing but dashes at the end says nothing. */
function trimmed(line: string): string {
  return line.replace(/(?:\s|-|\d+ms)+$/, '') || '-';
}
