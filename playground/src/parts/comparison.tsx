import { formatDuration } from '../../../src/core/format-duration.js';
import type { ModelledAttempt, ModelledResult } from '../../../src/models/model.js';
import type { Compared } from '../compare.js';

/** ms beyond which the axis does not go: what ends later has no end that anybody waits for. */
const LONGEST = 20_000;

/** ms; the axis ends at a multiple of it. */
const AXIS_STEP = 50;

const WIDTH = 400;
const BAR = 7;

/** What an attempt can come to, in the order of the legend. */
const OUTCOMES: readonly (readonly [outcome: ModelledAttempt['outcome'], words: string])[] = [
  ['connected', 'connected'],
  ['aborted', 'cut off by the client'],
  ['cancelled', 'no longer needed: another won'],
  ['failed', 'failed by itself'],
  ['open', 'still waiting'],
];

/** What other clients would have done, one under the other on the same axis. */
export function Comparison({ ours, others }: { readonly ours: Compared; readonly others: readonly Compared[] }) {
  const all = [ours, ...others];
  const ends = all.flatMap(({ result }) => (result.endedAt <= LONGEST ? [result.endedAt] : []));
  const last = Math.max(
    ...ends,
    ...all.flatMap(({ result }) => result.attempts.map(({ startedAt }) => Math.min(startedAt, LONGEST))),
    1,
  );
  const total = Math.ceil((last * 1.02) / AXIS_STEP) * AXIS_STEP;
  const seen = new Set(all.flatMap(({ result }) => result.attempts.map(({ outcome }) => outcome)));
  return (
    <>
      <div class="scrolls" role="region" aria-labelledby="comparison-caption" tabIndex={0}>
        <table id="comparison">
          <caption id="comparison-caption">
            The same network, other clients: models that were held against measurements. Node 20 and 26 are Node.js alone, without
            this package.
          </caption>
          <thead>
            <tr>
              <th scope="col">client</th>
              <th scope="col">result, and its attempts from 0 to {formatDuration(total)}</th>
            </tr>
          </thead>
          <tbody>
            {all.map(({ name, manner, result }) => (
              <tr key={name} class={result.winner ? 'connected' : result.endedAt <= LONGEST ? 'failed' : 'open'}>
                <th scope="row">
                  {name} <span class="manner">{manner}</span>
                </th>
                <td>
                  {resultInWords(result)}
                  <Bars attempts={result.attempts} total={total} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p class="legend">
        {OUTCOMES.filter(([outcome]) => seen.has(outcome)).map(([outcome, words]) => (
          <span key={outcome}>
            <svg class="bars" viewBox="0 0 20 9" width="20" height="9" aria-hidden="true">
              <rect class={outcome} x="1" y="2" width="18" height={BAR - 2} />
            </svg>{' '}
            {words}
          </span>
        ))}
      </p>
    </>
  );
}

function resultInWords({ winner, endedAt, error, attempts }: ModelledResult): string {
  const cutOff = attempts.filter(({ outcome }) => outcome === 'aborted').length;
  const count = `${attempts.length} ${attempts.length === 1 ? 'attempt' : 'attempts'}${cutOff > 0 ? `, ${cutOff} cut off` : ''}`;
  if (winner) return `${winner.address} after ${formatDuration(winner.endedAt)}, ${count}`;
  if (endedAt > LONGEST) return `nothing within ${formatDuration(LONGEST)}, ${count}`;
  return `${[error?.name, error?.code].filter(Boolean).join(' ') || 'an error'} after ${formatDuration(endedAt)}, ${count}`;
}

/** An attempt a line, as in the picture above: what it shows is in the table's words as well. */
function Bars({ attempts, total }: { readonly attempts: readonly ModelledAttempt[]; readonly total: number }) {
  const x = (at: number) => Math.round((Math.min(at, total) / total) * WIDTH * 10) / 10;
  const height = Math.max(attempts.length, 1) * BAR + 2;
  return (
    <svg
      class="bars whole"
      viewBox={`0 0 ${WIDTH} ${height}`}
      width={WIDTH}
      height={height}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      {attempts.map(({ startedAt, endedAt, outcome }, index) => (
        <rect
          key={index}
          class={outcome}
          x={x(startedAt)}
          y={index * BAR + 2}
          width={Math.max(x(endedAt) - x(startedAt), 2)}
          height={BAR - 2}
        />
      ))}
    </svg>
  );
}
