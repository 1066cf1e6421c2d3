import { invalidType } from '../core/input/argument-errors.js';
import { checkEach, given, string, type Checks } from '../core/input/checks.js';
import { formatDuration } from '../core/format-duration.js';
import { toError } from '../core/error-tools.js';
import type { RaceEvent } from '../core/race/events.js';
import { htmlPage } from './html-page.js';
import { marbleDiagram } from './marble-diagram.js';
import { escapeMarkup } from './markup.js';
import { inLightAndDark, MONO, SANS, type Palette } from './palette.js';
import { plainText } from './plain-text.js';
import { labelOf, raceRows, type Outcome, type Queue, type RaceRows, type Row } from './race-rows.js';
import { SIGNS, timeline } from './timeline.js';
import { verdict, type Verdict } from './verdict.js';
import { drawWaterfall } from './waterfall.js';

/** Options of {@link htmlReport}. */
export interface HtmlReportOptions {
  /** The title of the page. Default `A race of connections`. */
  readonly title?: string | undefined;
  /** A note, such as when and by whom the race was run. Default: none. */
  readonly note?: string | undefined;
  /** The error of a lost race, whose message becomes the verdict. */
  readonly error?: Error | undefined;
}

const HTML_REPORT_CHECKS: Checks<HtmlReportOptions> = {
  title: string,
  note: string,
  error: (name, value) => {
    if (Object(value) !== value) throw invalidType(name, 'an Error', value);
  },
};

/**
 * Draws a race as a self-contained HTML page. Its content security policy forbids other files, scripts and network access.
 *
 * The page shows the verdict in a sentence, the waterfall, tables of look-ups and attempts, the changing order of candidates, and
 * the race as marbles and as a timeline. It follows the system's preference for light or dark, and works with a keyboard, a screen
 * reader, a phone, and on paper.
 *
 * @param events the events of one race, in order, as `race$` emits them
 * @returns an HTML document in which all foreign text is escaped
 * @throws TypeError for options that make no sense
 */
export function htmlReport(events: readonly RaceEvent[], options: HtmlReportOptions = {}): string {
  checkEach('options', options, HTML_REPORT_CHECKS);
  const { title = 'A race of connections', note, error } = given(options);
  const race = raceRows(events);
  const { outcome, text } = verdictWith(race, error);
  const name = escapeMarkup(plainText(title));
  const lookUps = race.rows.filter(({ kind }) => kind === 'look-up');
  const attempts = race.rows.filter(({ kind }) => kind === 'attempt');

  const main = `<header>
<h1>${name}</h1>
<p class="verdict ${outcome}">${escapeMarkup(text)}</p>${note === undefined ? '' : `\n<p class="note">${escapeMarkup(plainText(note))}</p>`}
</header>
<section>
<h2 id="waterfall">Waterfall</h2>
${region('waterfall', `<div class="wide">${drawWaterfall(race, WIDE)}</div>\n<div class="narrow">${drawWaterfall(race, NARROW)}</div>`)}
</section>
<section>
<h2 id="look-ups">Look-ups</h2>
${table('look-ups', `Answers to DNS queries. ${resolved(race)}`, ['Query', 'Answered', 'Result', 'Addresses'], lookUps.map(lookUpCells))}
</section>
<section>
<h2 id="attempts">Attempts</h2>
${table('attempts', 'Attempts in the order of their starts. Start, TCP up and end are times since the race began.', ATTEMPT_COLUMNS, attempts.map(attemptCells))}
</section>
<section>
<h2 id="order">Order</h2>
${table('order', 'What was still to be tried, in order, whenever that changed.', ['Since', 'Order'], queueRows(race.queues))}
</section>
<section>
<h2>As text</h2>
${details('marbles', 'Marble diagram', marbleDiagram(events, { width: TEXT_COLUMNS }))}
${details('timeline', 'Timeline', timeline(events, { width: TEXT_COLUMNS }))}
</section>`;
  return htmlPage({ title: name, style: STYLE, main });
}

/** The widths of the two waterfalls in px, of which a page shows the one that fits, and the width of text in columns. */
const WIDE = 1040;
const NARROW = 320;
const TEXT_COLUMNS = 100;

/** The verdict. The race's error says more than its events. */
function verdictWith(race: RaceRows, error: Error | undefined): Verdict {
  const message = error && !race.winner ? plainText(toError(error).message) : '';
  return message === '' ? verdict(race) : { outcome: 'failed', text: `No winner. ${message}` };
}

function resolved({ resolvedAt }: RaceRows): string {
  return resolvedAt === undefined
    ? 'The resolver had not finished.'
    : `The resolver had finished after ${formatDuration(resolvedAt)}.`;
}

/** A section that may be wider than the page. It scrolls separately, also by keyboard. */
function region(heading: string, content: string): string {
  return `<div class="region" role="region" aria-labelledby="${heading}" tabindex="0">\n${content}\n</div>`;
}

function table(heading: string, caption: string, columns: readonly string[], rows: readonly string[]): string {
  const head = columns.map((column) => `<th scope="col">${column}</th>`).join('');
  const body = rows.length > 0 ? rows.join('\n') : `<tr><td colspan="${columns.length}">None.</td></tr>`;
  return region(
    heading,
    `<table>\n<caption><span>${caption}</span></caption>\n<thead><tr>${head}</tr></thead>\n<tbody>\n${body}\n</tbody>\n</table>`,
  );
}

function details(id: string, summary: string, text: string): string {
  const content = `<pre>${escapeMarkup(text)}</pre>`;
  return `<details>\n<summary id="${id}">${summary}</summary>\n${region(id, content)}\n</details>`;
}

function lookUpCells(row: Row): string {
  const { label, to, what, outcome } = row;
  const details = (row.addresses ?? []).join(', ') || errorText(row);
  return tableRow(label, cell(formatDuration(to), 'number'), cell(`${SIGNS[outcome]} ${what}`, outcome), cell(details));
}

const ATTEMPT_COLUMNS = ['Address', 'Start', 'TCP up', 'End', 'Duration', 'Outcome', 'Reason'];

function attemptCells(row: Row): string {
  const { label, from, to, stages, outcome } = row;
  const times = [from, stages[0]?.at, outcome === 'open' ? undefined : to, to - from];
  const numbers = times.map((time) => cell(time === undefined ? '–' : formatDuration(time), 'number'));
  return tableRow(label, ...numbers, cell(`${SIGNS[outcome]} ${OUTCOMES[outcome]}`, outcome), cell(errorText(row)));
}

const OUTCOMES: Readonly<Record<Outcome, string>> = {
  found: 'found',
  nothing: 'nothing',
  connected: 'connected',
  failed: 'failed',
  blocked: 'blocked',
  cancelled: 'cancelled',
  open: 'in flight',
};

/** The code, and the message if it says more. */
function errorText({ code, message }: Row): string {
  if (code === undefined || !message) return code ?? message ?? '';
  return message.includes(code) ? message : `${code}: ${message}`;
}

/** The most changes, and the most endpoints, in the table of the order. There can be thousands of both. */
const CHANGES = 50;
const IN_ORDER = 20;

function queueRows(queues: readonly Queue[]): string[] {
  const rows = queues.slice(0, CHANGES).map(({ at, endpoints }) => {
    const order = endpoints.slice(0, IN_ORDER).map((endpoint) => `<li>${escapeMarkup(labelOf(endpoint))}</li>`);
    const left = endpoints.length - IN_ORDER;
    const list = order.length > 0 ? `<ol>${order.join('')}</ol>` : 'nothing';
    return `<tr><th scope="row">${formatDuration(at)}</th><td>${list}${left > 0 ? `and ${left} more` : ''}</td></tr>`;
  });
  const left = queues.length - CHANGES;
  return left > 0 ? [...rows, `<tr><td colspan="2">And ${left} more changes.</td></tr>`] : rows;
}

function tableRow(label: string, ...cells: readonly string[]): string {
  return `<tr><th scope="row">${escapeMarkup(label)}</th>${cells.join('')}</tr>`;
}

function cell(text: string, name?: string): string {
  return `<td${name === undefined ? '' : ` class="${name}"`}>${escapeMarkup(text)}</td>`;
}

const colours = ({ background, ink, faint, line, ground, outcome }: Palette) =>
  [
    `:root { background: ${background}; color: ${ink}; --faint: ${faint}; --line: ${line}; --ground: ${ground}; --focus: ${outcome.found}; }`,
    ...Object.entries(outcome).map(([name, colour]) => `td.${name}, .verdict.${name} { color: ${colour}; }`),
  ].join('\n');

const STYLE = `
${inLightAndDark(colours)}
* { box-sizing: border-box; }
body { margin: 0; font: 16px/1.5 ${SANS}; overflow-wrap: anywhere; }
main { max-width: 1120px; margin: 0 auto; padding: 24px 24px 64px; }
h1 { font-size: 24px; line-height: 1.25; margin: 16px 0 8px; }
h2 { font-size: 16px; margin: 40px 0 8px; }
p { margin: 0; }
.verdict { font-size: 18px; }
.note { margin-top: 4px; color: var(--faint); }
.region { overflow-x: auto; border: 1px solid var(--line); border-radius: 8px; }
.region svg { display: block; width: 100%; height: auto; }
.wide svg { min-width: 860px; }
.narrow { display: none; }
.narrow svg { max-width: 480px; }
:focus-visible { outline: 3px solid var(--focus); outline-offset: 2px; }
table { border-collapse: collapse; width: 100%; font-size: 14px; font-variant-numeric: tabular-nums; overflow-wrap: normal; }
caption { text-align: left; color: var(--faint); }
caption span { display: inline-block; position: sticky; left: 0; padding: 10px 12px; max-width: calc(100vw - 28px); }
th, td { text-align: left; padding: 6px 12px; border-top: 1px solid var(--line); vertical-align: top; font-weight: normal; }
td:last-child { overflow-wrap: anywhere; min-width: 18em; }
thead th { background: var(--ground); color: var(--faint); white-space: nowrap; }
tbody th { font-family: ${MONO}; font-size: 13px; white-space: nowrap; }
td:not(:last-child), li { white-space: nowrap; }
ol { margin: 0; padding-left: 1.5em; font-family: ${MONO}; font-size: 13px; }
details { margin: 8px 0; }
summary { cursor: pointer; padding: 4px 0; }
pre { margin: 0; padding: 12px 16px; font: 12px/1.35 ${MONO}; width: max-content; }
@media (max-width: 640px) { main { padding: 8px 12px 32px; } h2 { margin-top: 28px; } .wide { display: none; } .narrow { display: block; } }
@media print {
  main { max-width: none; padding: 0; }
  .region { overflow: visible; border: 0; }
  .wide svg { min-width: 0; }
  caption span { position: static; }
  table { font-size: 11px; }
  tbody th, ol { font-size: 10px; }
  th, td { padding: 4px 6px; }
  td:last-child { min-width: 0; }
  pre { font-size: 10px; padding: 0; }
  tr, svg { break-inside: avoid; }
  h2 { break-after: avoid; }
  details:not([open])::details-content { content-visibility: visible; block-size: auto; }
}
`;
