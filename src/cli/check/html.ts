import { formatDestination } from '../../core/race/endpoint.js';
import { htmlPage } from '../../pictures/html-page.js';
import { escapeMarkup } from '../../pictures/markup.js';
import { inLightAndDark, SANS, type Palette } from '../../pictures/palette.js';
import { plainText } from '../../pictures/plain-text.js';
import type { Conclusion, Finding, Judged, JudgedHost, MachineReport, Verdict } from './report.js';

/**
 * Draws the results of a check as a self-contained HTML page: first the conclusion of each host, then all findings.
 *
 * @param note when the report was made, and by which program
 */
export function checkReport(machine: Judged<MachineReport>, hosts: readonly JudgedHost[], note: string): string {
  const title = hosts.length === 1 ? `Is ${text(hosts[0]!.report.host)} ready for IPv6?` : 'Are these hosts ready for IPv6?';
  const main = `<header>
<h1>${title}</h1>
${hosts.map(({ conclusion }) => paragraph(conclusion)).join('\n')}
<p class="note">${text(note)}</p>
</header>
${hosts.map((host) => section(formatDestination(host.report), host.findings)).join('\n')}
${section('This machine', machine.findings)}`;
  return htmlPage({ title, style: STYLE, main });
}

const CLASSES: Readonly<Record<Conclusion['verdict'], Verdict>> = { ready: 'ok', 'not ready': 'failed', unknown: 'unknown' };

function paragraph({ verdict, text: sentence }: Conclusion): string {
  return `<p class="conclusion ${CLASSES[verdict]}">${text(sentence)}</p>`;
}

function section(title: string, findings: readonly Finding[]): string {
  const names = [...new Set(findings.map((finding) => finding.section))];
  const tables = names.map((name) => table(name, findings.filter((finding) => finding.section === name))); // prettier-ignore
  return `<section>\n<h2>${text(title)}</h2>\n${tables.join('\n')}\n</section>`;
}

const WORDS: Readonly<Record<Verdict, string>> = {
  ok: '✓ ok',
  warning: '! warning',
  failed: '✗ failed',
  unknown: '? not known',
};

function table(caption: string, findings: readonly Finding[]): string {
  const rows = findings.map(
    ({ verdict, text: finding }) => `<tr><th scope="row" class="${verdict}">${WORDS[verdict]}</th><td>${text(finding)}</td></tr>`,
  );
  return `<table>\n<caption>${text(caption)}</caption>\n<tbody>\n${rows.join('\n')}\n</tbody>\n</table>`;
}

function text(others: string): string {
  return escapeMarkup(plainText(others));
}

const colours = ({ background, ink, faint, line, outcome }: Palette) =>
  `:root { background: ${background}; color: ${ink}; --faint: ${faint}; --line: ${line}; } ` +
  `.ok { color: ${outcome.connected}; } .warning { color: ${outcome.nothing}; } .failed { color: ${outcome.failed}; } ` +
  `.unknown { color: ${outcome.cancelled}; }`;

const STYLE = `
${inLightAndDark(colours)}
body { margin: 0; font: 16px/1.5 ${SANS}; overflow-wrap: anywhere; }
main { max-width: 70rem; margin: 0 auto; padding: 24px 24px 64px; }
h1 { font-size: 24px; line-height: 1.25; margin: 16px 0 8px; }
h2 { font-size: 18px; margin: 40px 0 8px; }
p { margin: 0; }
.conclusion { font-size: 18px; }
.note { margin-top: 4px; color: var(--faint); }
table { border-collapse: collapse; width: 100%; margin: 16px 0; font-size: 14px; }
caption { text-align: start; color: var(--faint); padding-bottom: 4px; }
th, td { text-align: start; vertical-align: top; padding: 4px 12px 4px 0; border-top: 1px solid var(--line); }
th { font-weight: normal; white-space: nowrap; width: 7em; }
`;
