import { checkEach, given, number, type Checks } from '../core/input/checks.js';
import { formatDuration } from '../core/format-duration.js';
import type { RaceEvent } from '../core/race/events.js';
import { columnsOf, cutColumns, widest, wrap } from './text-columns.js';
import { escapeMarkup } from './markup.js';
import { inLightAndDark, MONO, type Palette } from './palette.js';
import { roundStep } from './round-step.js';
import { outcomeOf, raceRows, type Outcome, type RaceRows, type Row } from './race-rows.js';
import { verdict } from './verdict.js';

/** Options of {@link waterfall}. */
export interface WaterfallOptions {
  /** The width in px; at least 240, default 880. If labels and outcomes leave less than 240 px for the bars, they are above them. */
  readonly width?: number | undefined;
}

const WATERFALL_CHECKS: Checks<WaterfallOptions> = { width: number(240, 10_000) };

/** px. */
const MARGIN = 16;
const GAP = 16;
const AXIS = 40;
const ROW = 26;
const LINE = 18;
const LEGEND = 32;
const NARROWEST_BARS = 240;
const TICK_GAP = 24;

/** The width of a character at 12 px, in px: slightly more than that of monospaced fonts. */
const CHARACTER = 7.3;

/** The most characters of a label, and of an outcome above and beside its bar. The bar's title has the whole text. */
const LONGEST_LABEL = 60;
const LONGEST_OUTCOME = 80;
const LONGEST_BESIDE = 40;

/** The height of a bar before its first stage and in each stage, in px: the less is left to do, the thinner. */
const THICK = 12;
const THIN = { tls: 7, setup: 3 } as const;

/**
 * Draws a race as an SVG document: a row for each answer and each attempt, with its outcome in words, on one axis of time.
 *
 * A bar is thick while TCP connects, thinner during a TLS handshake and thinnest during setup. Its end is marked by a disc
 * (succeeded), a cross (failed), a ring (cancelled) or an arrow (open); colours repeat this. The picture follows the system's
 * preference for light or dark. Each bar has a title, and the whole picture a description for screen readers.
 *
 * Foreign text is escaped and truncated: labels to 60 characters, reasons to 40, or to 80 above their bar.
 *
 * @param events the events of one race, in order, as `race$` emits them
 * @returns well-formed XML without external references, for use as a file or within an HTML page
 * @throws TypeError, RangeError for invalid options
 */
export function waterfall(events: readonly RaceEvent[], options: WaterfallOptions = {}): string {
  checkEach('options', options, WATERFALL_CHECKS);
  const { width = 880 } = given(options);
  return drawWaterfall(raceRows(events), width);
}

/** Options for a page that draws a race repeatedly. */
export interface Frame {
  /** The least end of the axis, in ms, so that it stays the same while the race goes on. */
  readonly axisEnd?: number;
  /** The present instant, drawn as a line, in ms. */
  readonly now?: number;
  /** False if the page includes {@link waterfallRules} itself. Default true. */
  readonly styled?: boolean;
}

/** The CSS rules of the waterfall, for light and dark. */
export const waterfallRules = (): string => `${inLightAndDark(rules)} .race text { font: 12px ${MONO}; white-space: pre; }`;

/** Draws a {@link waterfall} of rows. */
export function drawWaterfall(race: RaceRows, width: number, { axisEnd = 0, now, styled = true }: Frame = {}): string {
  const { rows, endedAt } = race;
  const { left, right, texts } = layout(rows, width);
  const bars = width - left - right;
  const total = Math.max(endedAt, axisEnd, 1);
  const x = (at: number) => px(left + (at / total) * bars);

  const lookUps = rows.filter(({ kind }) => kind === 'look-up').length;
  const drawn: string[] = [];
  let y = AXIS;
  for (const [index, row] of rows.entries()) {
    if (index === lookUps && index > 0) drawn.push(`<path class="grid" d="M${MARGIN} ${y}H${width - MARGIN}"/>`);
    const { lines, height, middle } = texts[index]!;
    drawn.push(
      [
        `<g class="row ${row.outcome}"><title>${escapeMarkup(inWords(row))}</title>`,
        ...lines.map((line) => textOf(line, y)),
        ...barsOf(row, x, y + middle),
        '</g>',
      ].join(''),
    );
    y += height;
  }
  const stages = new Set(rows.flatMap((row) => row.stages.map(({ stage }) => stage)));
  const height = y + (stages.size > 0 ? LEGEND : 0) + MARGIN;

  return [
    `<svg xmlns="http://www.w3.org/2000/svg" class="race" role="img" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">`,
    `<title>${escapeMarkup(`Race of ${rows.length - lookUps} connection attempts over ${formatDuration(endedAt)}`)}</title>`,
    `<desc>${escapeMarkup([verdict(race).text, ...rows.slice(0, DESCRIBED).map(inWords), ...more(rows.length)].join(' '))}</desc>`,
    ...(styled ? [`<style>${waterfallRules()}</style>`] : []),
    `<rect class="back" width="${width}" height="${height}" rx="6"/>`,
    ...ticksOf(total, bars).map((at) => tick(x(at), at, y)),
    ...drawn,
    ...(now === undefined ? [] : [`<path class="now" d="M${x(now)} 26V${y}"/>`]),
    ...(stages.size > 0 ? [legend(stages, left, y + LEGEND / 2 + 4)] : []),
    '</svg>',
  ].join('\n');
}

interface Line {
  readonly name: 'label' | 'outcome';
  readonly text: string;
  readonly x: number;
  /** The distance from the top of its row to its base line. */
  readonly y: number;
}

/** The layout: where bars begin and end, and whether each row's text is beside or above its bar. */
function layout(rows: readonly Row[], width: number) {
  const labels = rows.map(({ label }) => cutColumns(label, LONGEST_LABEL));
  const outcomes = rows.map((row) => outcomeOf(row, LONGEST_BESIDE));
  const left = px(MARGIN + widest(labels) * CHARACTER + GAP);
  const right = px(GAP + widest(outcomes) * CHARACTER + MARGIN);
  if (width - left - right >= NARROWEST_BARS) {
    const texts = rows.map((_, index): { lines: Line[]; height: number; middle: number } => ({
      lines: [
        { name: 'label', text: labels[index]!, x: MARGIN, y: LINE },
        { name: 'outcome', text: outcomes[index]!, x: px(width - right + GAP), y: LINE },
      ],
      height: ROW,
      middle: ROW / 2,
    }));
    return { left, right, texts };
  }

  const columns = Math.floor((width - 2 * MARGIN) / CHARACTER);
  const texts = rows.map((row, index) => {
    const [label, outcome] = [labels[index]!, outcomeOf(row, LONGEST_OUTCOME)];
    const columnsOfOutcome = columnsOf(outcome);
    const fits = columnsOf(label) + 2 + columnsOfOutcome <= columns;
    const names = fits ? [label] : wrap(label, columns);
    const lines = names.map((text, line): Line => ({ name: 'label', text, x: MARGIN, y: LINE * (line + 1) }));
    const beside = fits ? [{ text: outcome, x: px(width - MARGIN - columnsOfOutcome * CHARACTER), y: LINE }] : [];
    const below = fits
      ? []
      : wrap(outcome, columns).map((text, line) => ({ text, x: MARGIN, y: LINE * (names.length + line + 1) }));
    const all = [...lines, ...[...beside, ...below].map((line): Line => ({ name: 'outcome', ...line }))];
    const middle = all.at(-1)!.y + LINE;
    return { lines: all, height: middle + LINE, middle };
  });
  return { left: MARGIN + 8, right: MARGIN + 8, texts };
}

function textOf({ name, text, x, y }: Line, top: number): string {
  return `<text class="${name}" x="${x}" y="${top + y}">${escapeMarkup(text)}</text>`;
}

/** The most rows that the description lists. */
const DESCRIBED = 50;

function more(rows: number): string[] {
  return rows > DESCRIBED ? [`And ${rows - DESCRIBED} more.`] : [];
}

function inWords(row: Row): string {
  const began = row.kind === 'attempt' ? ` started after ${formatDuration(row.from)},` : '';
  const stages = row.stages.map(({ stage, at }) => ` ${STAGE_NAMES[stage]} from ${formatDuration(at - row.from)} on,`);
  return `${row.label}:${began}${stages.join('')} ${outcomeOf(row)}.`;
}

const STAGE_NAMES = { tls: 'TLS', setup: 'setup' } as const;

function rules({ background, ink, faint, line, outcome }: Palette): string {
  const colours = Object.entries(outcome).map(
    ([name, colour]) => `.race .${name} { fill: ${colour}; stroke: ${colour}; } .race .${name} .outcome { fill: ${colour}; }`,
  );
  return [
    `.race .back { fill: ${background}; }`,
    `.race text { stroke: ${background}; stroke-width: 3px; paint-order: stroke; }`,
    `.race .label { fill: ${ink}; } .race .tick { fill: ${faint}; } .race .sample { fill: ${faint}; }`,
    `.race .grid { stroke: ${line}; }`,
    ...colours,
    `.race .cancelled .bar { fill-opacity: 0.3; } .race .mark { fill: ${background}; }`,
    `.race .disc { stroke: ${background}; }`,
  ].join(' ');
}

/** The instants on the axis, as close as their labels permit. */
function ticksOf(total: number, bars: number): number[] {
  const widthOfLabel = formatDuration(total).length * CHARACTER + TICK_GAP;
  const step = roundStep(total / Math.max(1, Math.floor(bars / widthOfLabel)));
  return Array.from({ length: Math.floor(total / step) + 1 }, (_, index) => index * step);
}

function tick(x: number, at: number, bottom: number): string {
  const text = `<text class="tick" x="${x}" y="22" text-anchor="middle">${formatDuration(at)}</text>`;
  return `<path class="grid" d="M${x} 30V${bottom}"/>${text}`;
}

function barsOf({ from, to, stages, outcome }: Row, x: (at: number) => number, middle: number): string[] {
  const parts = [{ at: from, height: THICK }, ...stages.map(({ stage, at }) => ({ at, height: THIN[stage] }))];
  const bars = parts.map(({ at, height }, index) => {
    const [start, end] = [x(at), x(parts[index + 1]?.at ?? to)];
    const width = index === 0 ? Math.max(end - start, 1) : end - start;
    return bar(start, width, middle, height);
  });
  return [...bars, mark(outcome, x(to), middle)];
}

function bar(x: number, width: number, middle: number, height: number): string {
  return `<rect class="bar" x="${px(x)}" y="${middle - height / 2}" width="${px(width)}" height="${height}"/>`;
}

/** The mark of an outcome, which does not depend on colour. */
function mark(outcome: Outcome, x: number, y: number): string {
  switch (outcome) {
    case 'found':
    case 'connected':
      return `<circle class="disc" cx="${x}" cy="${y}" r="6.5" stroke-width="1.5"/>`;
    case 'cancelled':
      return `<circle class="mark" cx="${x}" cy="${y}" r="5" stroke-width="2"/>`;
    case 'open':
      return `<path class="disc" d="M${px(x - 4)} ${y - 7}L${px(x + 7)} ${y}L${px(x - 4)} ${y + 7}Z" stroke-width="1"/>`;
    case 'nothing':
    case 'failed':
    case 'blocked':
      return `<circle class="mark" cx="${x}" cy="${y}" r="7.5" stroke="none"/><path d="M${px(x - 4)} ${y - 4}l8 8m0 -8l-8 8" stroke-width="2.5" stroke-linecap="round"/>`;
  }
}

function legend(stages: ReadonlySet<'tls' | 'setup'>, left: number, y: number): string {
  const parts = [
    { height: THICK, name: 'TCP' },
    ...(['tls', 'setup'] as const)
      .filter((stage) => stages.has(stage))
      .map((stage) => ({ height: THIN[stage], name: STAGE_NAMES[stage] })),
  ];
  const samples = parts.map(
    ({ height, name }, index) =>
      `${bar(left + index * 96, 24, y, height).replace('"bar"', '"sample"')}<text class="tick" x="${px(left + index * 96 + 32)}" y="${y + 4}">${name}</text>`,
  );
  return `<g>${samples.join('')}</g>`;
}

function px(value: number): number {
  return Math.round(value * 100) / 100;
}
