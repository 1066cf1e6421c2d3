import { formatDuration } from '../core/format-duration.js';
import { GAVE_WAY, labelOf, outcomeOf, type Outcome, type RaceRows } from './race-rows.js';

/** How a race ended: whether it was won, and one or two sentences about the winner, or about why there is none. */
export interface Verdict {
  readonly outcome: 'connected' | 'failed' | 'open';
  readonly text: string;
}

export function verdict(race: RaceRows): Verdict {
  const text = sentence(race);
  return { outcome: race.winner ? 'connected' : text.startsWith(`${LOST}:`) ? 'failed' : 'open', text };
}

const LOST = 'No winner';

function sentence({ rows, endedAt, resolvedAt, queues, winner, terminal }: RaceRows): string {
  const attempts = rows.filter(({ kind }) => kind === 'attempt');
  const count = (outcome: Outcome) => attempts.filter((attempt) => attempt.outcome === outcome).length;
  const gaveWay = attempts.filter(({ what }) => what === GAVE_WAY).length;
  const cancelled = count('cancelled') - gaveWay;
  const [failed, open] = [count('failed') + count('blocked'), count('open')];
  const after = formatDuration(endedAt);

  if (winner) {
    const others = attempts.length - 1;
    const fates = [
      ...(failed > 0 ? [{ count: failed, fate: 'failed' }] : []),
      ...(gaveWay > 0 ? [{ count: gaveWay, fate: GAVE_WAY }] : []),
      ...(cancelled > 0 ? [{ count: cancelled, fate: `${were(cancelled)} cancelled` }] : []),
    ];
    return [`${winner.label} won after ${formatDuration(winner.to)}.`, ...fatesOf(others, fates)].join(' ');
  }
  if (terminal) return `${LOST}: ${terminal.label} ended the race (${outcomeOf(terminal)}).`;
  if (cancelled > 0) {
    const ended = [...(failed > 0 ? [`${failed} had failed`] : []), ...(gaveWay > 0 ? [`${gaveWay} had given way`] : [])];
    const others = ended.length > 0 ? `; ${ended.join(', ')}` : '';
    return `${LOST}: the race was ended after ${after}, with ${cancelled} ${plural(cancelled)} in flight${others}.`;
  }
  if (rows.length === 0 && resolvedAt === undefined) return 'Nothing has happened yet.';
  const started = new Set(attempts.map(({ label }) => label));
  const waiting = queues.at(-1)?.endpoints.some((endpoint) => !started.has(labelOf(endpoint))) ?? false;
  if (open > 0 || waiting || resolvedAt === undefined) {
    const flying = open === 0 ? 'nothing is' : `${open} ${plural(open)} ${were(open, 'is', 'are')}`;
    return `No winner yet: after ${after}, ${flying} in flight.`;
  }
  if (attempts.length === 0) return `${LOST}: there was no address to try.`;
  if (attempts.length === 1) return `${LOST}: the only attempt failed, after ${after}.`;
  const ends = gaveWay > 0 ? `failed or ${GAVE_WAY}` : 'failed';
  return `${LOST}: all ${attempts.length} attempts ${ends}, the last after ${after}.`;
}

/** The outcomes of the attempts that did not win, in words. */
function fatesOf(others: number, fates: readonly { count: number; fate: string }[]): string[] {
  const [first, ...more] = fates;
  if (others === 0) return ['It was the only attempt.'];
  if (!first) return [];
  const last = more.pop();
  if (last) {
    const before = [first, ...more].map(({ count, fate }) => `${count} ${fate}`).join(', ');
    return [`Of the ${others} others, ${before} and ${last.count} ${last.fate}.`];
  }
  return [others === 1 ? `The other attempt ${first.fate}.` : `The ${others} others ${first.fate}.`];
}

function plural(count: number): string {
  return count === 1 ? 'attempt' : 'attempts';
}

function were(count: number, one = 'was', many = 'were'): string {
  return count === 1 ? one : many;
}
