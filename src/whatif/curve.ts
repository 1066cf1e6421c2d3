import { roundStep } from '../pictures/round-step.js';
import { escapeMarkup } from '../pictures/markup.js';
import { inLightAndDark, SANS, type Palette } from '../pictures/palette.js';
import type { Figures } from './figures.js';

/** A point of a curve. */
export interface CurvePoint {
  /** As it is labelled. */
  readonly label: string;
  readonly figures: Figures;
}

const WIDTH = 720;
const HEIGHT = 420;
const EDGE = { left: 72, right: 32, top: 48, bottom: 56 };

/**
 * Draws latency against waste: the 95th percentile of the time to connect over the attempts a race makes. Further down is faster,
 * further to the left is cheaper; each point is a value of the option.
 */
export function curve(title: string, points: readonly CurvePoint[]): string {
  const x = scale(
    points.map(({ figures }) => figures.attempts - 1),
    EDGE.left,
    WIDTH - EDGE.right,
  );
  const y = scale(
    points.map(({ figures }) => figures.p95),
    HEIGHT - EDGE.bottom,
    EDGE.top,
  );
  const placed = points.map(({ label, figures }) => ({ label, x: x.place(figures.attempts - 1), y: y.place(figures.p95) }));
  const line = placed.map((point, index) => `${index === 0 ? 'M' : 'L'}${px(point.x)} ${px(point.y)}`).join('');
  const described = points.map(
    ({ label, figures }) => `${label}: ${figures.attempts.toFixed(3)} attempts, ${figures.p95.toFixed(0)} ms`,
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" class="curve" font-family="${escapeMarkup(SANS)}" font-size="13">`,
    `<title>${escapeMarkup(title)}</title>`,
    `<desc>${escapeMarkup(described.join('. '))}.</desc>`,
    `<style>${inLightAndDark(rules)}</style>`,
    `<rect class="back" width="${WIDTH}" height="${HEIGHT}"/>`,
    `<text class="title" x="${EDGE.left}" y="26">${escapeMarkup(title)}</text>`,
    ...x.ticks.map((tick) => vertical(x.place(tick), `+${round(tick * 100)} %`)),
    ...y.ticks.map((tick) => horizontal(y.place(tick), `${round(tick)} ms`)),
    `<text class="tick" x="${WIDTH - EDGE.right}" y="${HEIGHT - 12}" text-anchor="end">attempts beyond one a race</text>`,
    `<text class="tick" x="12" y="${EDGE.top - 8}">p95 to connect</text>`,
    `<path class="line" d="${line}"/>`,
    ...placed.map(
      (point) =>
        `<circle class="point" cx="${px(point.x)}" cy="${px(point.y)}" r="4"/><text class="label" x="${px(point.x + 8)}" y="${px(point.y - 6)}">${escapeMarkup(point.label)}</text>`,
    ),
    '</svg>\n',
  ].join('\n');
}

/** Round numbers around the values, and their places. */
function scale(values: readonly number[], from: number, to: number) {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const step = stepFor(most - least || Math.max(Math.abs(most), 1e-6));
  const first = Math.floor(least / step) * step;
  const last = Math.max(Math.ceil(most / step) * step, first + step);
  const ticks = Array.from({ length: Math.round((last - first) / step) + 1 }, (_, index) => first + index * step);
  return { ticks, place: (value: number) => from + ((value - first) / (last - first)) * (to - from) };
}

/** About five steps; below 1 by the same numbers. */
function stepFor(span: number): number {
  let power = 1;
  while (span * power < 10) power *= 10;
  return roundStep((span * power) / 5) / power;
}

function vertical(x: number, text: string): string {
  const bottom = HEIGHT - EDGE.bottom;
  return `<path class="grid" d="M${px(x)} ${EDGE.top}V${bottom}"/><text class="tick" x="${px(x)}" y="${bottom + 18}" text-anchor="middle">${text}</text>`;
}

function horizontal(y: number, text: string): string {
  return `<path class="grid" d="M${EDGE.left} ${px(y)}H${WIDTH - EDGE.right}"/><text class="tick" x="${EDGE.left - 8}" y="${px(y + 4)}" text-anchor="end">${text}</text>`;
}

function rules({ background, ink, faint, line, outcome }: Palette): string {
  return [
    `.curve .back { fill: ${background}; } .curve .title, .curve .label { fill: ${ink}; } .curve .tick { fill: ${faint}; }`,
    `.curve .grid { stroke: ${line}; } .curve .line { fill: none; stroke: ${outcome.found}; stroke-width: 2; }`,
    `.curve .point { fill: ${outcome.found}; } .curve .label { paint-order: stroke; stroke: ${background}; stroke-width: 3px; }`,
  ].join(' ');
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}

function px(value: number): number {
  return Math.round(value * 100) / 100;
}
