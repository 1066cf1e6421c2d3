import { printable, printableAscii } from '../../core/input/printable.js';
import { drawnWidth, wrap } from '../../pictures/text-columns.js';
import type { Appearance } from '../terminal.js';
import type { Conclusion, Finding, Verdict } from './report.js';

const VERDICTS: Readonly<
  Record<Verdict, { word: string; symbol: string; ascii: string; format: 'green' | 'yellow' | 'red' | 'dim' }>
> = {
  ok: { word: 'ok', symbol: '✓', ascii: '+', format: 'green' },
  warning: { word: 'warning', symbol: '!', ascii: '!', format: 'yellow' },
  failed: { word: 'failed', symbol: '✗', ascii: 'x', format: 'red' },
  unknown: { word: 'not known', symbol: '?', ascii: '?', format: 'dim' },
};

const LONGEST_WORD = Math.max(...Object.values(VERDICTS).map(({ word }) => word.length));

/** The width from which on verdicts have a column with words. */
const WIDE = 60;

/**
 * Draws findings under the names of their sections. Each begins a line, and long ones are wrapped.
 *
 *     Records
 *       ✓ ok         AAAA: 2001:db8::1 for 60 s (after 12 ms)
 *       ! warning    A: none: clients without IPv6 do not get there
 *                    (after 11 ms)
 *
 * @returns ends with a newline
 */
export function drawFindings(findings: readonly Finding[], drawing: Appearance): string {
  const sections = [...new Set(findings.map(({ section }) => section))];
  return sections
    .map((section) => {
      const lines = findings.filter((finding) => finding.section === section).map((finding) => drawFinding(finding, drawing));
      return `${heading(section, drawing)}${lines.join('')}`;
    })
    .join('\n');
}

/** Draws a heading in bold. */
export function heading(text: string, drawing: Appearance): string {
  const lines = wrap(harmless(text, drawing.ascii), drawnWidth(drawing.width));
  return lines.map((line) => `${drawing.style('bold', line)}\n`).join('');
}

/** Draws the concluding sentence. */
export function drawConclusion({ verdict, text }: Conclusion, drawing: Appearance): string {
  const { symbol, ascii, format } = VERDICTS[({ ready: 'ok', 'not ready': 'failed', unknown: 'unknown' } as const)[verdict]];
  const lines = wrap(harmless(text, drawing.ascii), drawnWidth(drawing.width) - 2);
  return lines
    .map((line, index) => `${index === 0 ? drawing.style(format, drawing.ascii ? ascii : symbol) : ' '} ${line}\n`)
    .join('');
}

function drawFinding({ verdict, text }: Finding, drawing: Appearance): string {
  const { word, symbol, ascii, format } = VERDICTS[verdict];
  const width = drawnWidth(drawing.width);
  const label = `${drawing.ascii ? ascii : symbol} ${word}`;
  const first = width < WIDE ? `${label}: ` : `  ${label.padEnd(LONGEST_WORD + 2)}  `;
  const hanging = width < WIDE ? '  ' : ' '.repeat(first.length);
  const lines = wrap(first.replaceAll(' ', NO_BREAK) + harmless(text, drawing.ascii), width, hanging);
  return `${lines
    .join('\n')
    .replaceAll(NO_BREAK, ' ')
    .replace(label, () => drawing.style(format, label))}\n`;
}

/** A space without a line break. */
const NO_BREAK = '\u00a0';

/** Escapes control characters, since names and certificates come from others. */
function harmless(text: string, ascii: boolean): string {
  return ascii ? printableAscii(text) : printable(text);
}
