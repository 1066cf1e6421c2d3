import { attemptRecords } from '../../core/race/attempt-records.js';
import { formatDuration } from '../../core/format-duration.js';
import { toError } from '../../core/error-tools.js';
import { formatDestination, formatEndpoint } from '../../core/race/endpoint.js';
import { htmlPage } from '../../pictures/html-page.js';
import { escapeMarkup } from '../../pictures/markup.js';
import { plainText } from '../../pictures/plain-text.js';
import { waterfall } from '../../pictures/waterfall.js';
import type { EndedRace } from './races.js';

/** How many races a report shows. */
export const REPORTED_RACES = 50;

/**
 * Draws the last races of a proxy as a self-contained HTML page, with a table and a waterfall of each race.
 *
 * @param races the latest is last
 * @param note when the report was made, and by which program
 */
export function racesReport(races: readonly EndedRace[], note: string): string {
  const latest = [...races].reverse();
  const main = `<h1>The last races of a proxy</h1>
<p>${escapeMarkup(plainText(note))}</p>
<table>
<caption>The latest comes first.</caption>
<thead><tr><th scope="col">Destination</th><th scope="col">By</th><th scope="col">Outcome</th><th scope="col">Attempts</th><th scope="col">Time</th></tr></thead>
<tbody>
${latest.length === 0 ? '<tr><td colspan="5">None.</td></tr>' : latest.map(row).join('\n')}
</tbody>
</table>
${latest.map(section).join('\n')}`;
  return htmlPage({ title: 'The last races of a proxy', style: STYLE, main });
}

const STYLE = `
body { font-family: system-ui, sans-serif; line-height: 1.5; margin: 0 auto; max-width: 70rem; padding: 1rem; }
table { border-collapse: collapse; width: 100%; }
caption { text-align: start; }
th, td { padding: 0.25rem 0.75rem 0.25rem 0; text-align: start; vertical-align: top; }
.number { font-variant-numeric: tabular-nums; text-align: end; }
svg { height: auto; max-width: 100%; }
`;

function row(race: EndedRace, index: number): string {
  const { request, events } = race;
  const last = events.at(-1)!;
  const attempts = attemptRecords(events, last.at).length + (last.type === 'connected' ? 1 : 0);
  const destination = `<th scope="row"><a href="#race-${index}">${text(formatDestination(request))}</a></th>`;
  const cells = [`<td>${request.protocol}</td>`, `<td>${text(outcome(race))}</td>`];
  const numbers = [String(attempts), formatDuration(last.at)].map((number) => `<td class="number">${number}</td>`);
  return `<tr>${destination}${cells.join('')}${numbers.join('')}</tr>`;
}

function section(race: EndedRace, index: number): string {
  const title = `${formatDestination(race.request)}: ${outcome(race)}`;
  return `<section>\n<h2 id="race-${index}">${text(title)}</h2>\n${waterfall(race.events)}\n</section>`;
}

function outcome({ events, error }: EndedRace): string {
  const last = events.at(-1)!;
  if (last.type === 'connected') return `${formatEndpoint(last.endpoint)} won`;
  return error === undefined ? 'no connection' : toError(error).message;
}

function text(others: string): string {
  return escapeMarkup(plainText(others));
}
