import type { Conclusion, Finding, Verdict } from './report.js';
import { wrap } from './wrap.js';

/** How text is drawn. */
export interface Drawing {
  /** Columns. */
  readonly width: number;
  /** Nothing but ASCII. */
  readonly ascii: boolean;
  /** As `util.styleText`. */
  readonly style: (format: Format, text: string) => string;
}

export type Format = 'green' | 'yellow' | 'red' | 'gray' | 'bold';

const VERDICTS: Readonly<Record<Verdict, { word: string; symbol: string; ascii: string; format: Format }>> = {
  ok: { word: 'ok', symbol: '✓', ascii: '+', format: 'green' },
  warning: { word: 'warning', symbol: '!', ascii: '!', format: 'yellow' },
  failed: { word: 'failed', symbol: '✗', ascii: 'x', format: 'red' },
  unknown: { word: 'not known', symbol: '?', ascii: '?', format: 'gray' },
};

const LONGEST_WORD = Math.max(...Object.values(VERDICTS).map(({ word }) => word.length));

/** From so many columns on the words of the verdicts have a column of their own. */
const WIDE = 60;

/** Fewer columns are not drawn in. */
const NARROWEST = 20;

/**
 * The findings, a line for each or as many as it needs, under the names of their sections.
 *
 *     Records
 *       ✓ ok         AAAA: 2001:db8::1 for 60 s (after 12 ms)
 *       ! warning    A: none: clients without IPv6 do not get there
 *                    (after 11 ms)
 *
 * @returns ends with a newline
 */
export function drawFindings(findings: readonly Finding[], drawing: Drawing): string {
  const sections = [...new Set(findings.map(({ section }) => section))];
  return sections
    .map((section) => {
      const lines = findings.filter((finding) => finding.section === section).map((finding) => drawFinding(finding, drawing));
      return `${heading(section, drawing)}${lines.join('')}`;
    })
    .join('\n');
}

/** A line over what follows, in bold. */
export function heading(text: string, drawing: Drawing): string {
  const lines = wrap(printable(text, drawing.ascii), columns(drawing));
  return lines.map((line) => `${drawing.style('bold', line)}\n`).join('');
}

/** The last sentence. */
export function drawConclusion({ verdict, text }: Conclusion, drawing: Drawing): string {
  const { symbol, ascii, format } = VERDICTS[({ ready: 'ok', 'not ready': 'failed', unknown: 'unknown' } as const)[verdict]];
  const lines = wrap(printable(text, drawing.ascii), columns(drawing) - 2);
  return lines
    .map((line, index) => `${index === 0 ? drawing.style(format, drawing.ascii ? ascii : symbol) : ' '} ${line}\n`)
    .join('');
}

function drawFinding({ verdict, text }: Finding, drawing: Drawing): string {
  const { word, symbol, ascii, format } = VERDICTS[verdict];
  const width = columns(drawing);
  const label = `${drawing.ascii ? ascii : symbol} ${word}`;
  const first = width < WIDE ? `${label}: ` : `  ${label.padEnd(LONGEST_WORD + 2)}  `;
  const hanging = width < WIDE ? '  ' : ' '.repeat(first.length);
  const lines = wrap(printable(text, drawing.ascii), width - first.length, width - hanging.length);
  const styled = first.replace(label, () => drawing.style(format, label));
  return lines.map((line, index) => `${index === 0 ? styled : hanging}${line}\n`).join('');
}

function columns({ width }: Drawing): number {
  return Math.max(width, NARROWEST);
}

/** Names and certificates come from others: what would act on the terminal is shown, and not done. */
function printable(text: string, ascii: boolean): string {
  const escaped = text.replace(/[\0-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, escape);
  return ascii ? escaped.replace(/[^\0-\x7f]/g, escape) : escaped;
}

function escape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
