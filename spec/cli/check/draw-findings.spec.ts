import type { Appearance } from '../../../src/cli/terminal.js';
import { drawConclusion, drawFindings, heading } from '../../../src/cli/check/draw-findings.js';
import type { Finding } from '../../../src/cli/check/report.js';

const drawing = (changes: Partial<Appearance> = {}): Appearance => ({
  width: 80,
  ascii: false,
  style: (_, text) => text,
  ...changes,
});

const FINDINGS: readonly Finding[] = [
  { section: 'Records', verdict: 'ok', text: 'AAAA: 2001:db8:1111:2222:3333:4444:5555:6666 for 60 s; after 10 ms' },
  { section: 'Records', verdict: 'warning', text: 'A: none' },
  { section: 'Reachability', verdict: 'failed', text: 'TCP: refused' },
  { section: 'Reachability', verdict: 'unknown', text: 'ICMP echo: there is no program ping' },
];

describe('the findings as text', () => {
  it('have a symbol and a word for each verdict, under their sections', () => {
    expect(`\n${drawFindings(FINDINGS, drawing())}`).toBe(`
Records
  ✓ ok         AAAA: 2001:db8:1111:2222:3333:4444:5555:6666 for 60 s; after
               10 ms
  ! warning    A: none

Reachability
  ✗ failed     TCP: refused
  ? not known  ICMP echo: there is no program ping
`);
  });

  it('fit 40 columns', () => {
    expect(`\n${drawFindings(FINDINGS, drawing({ width: 40 }))}`).toBe(`
Records
✓ ok: AAAA:
  2001:db8:1111:2222:3333:4444:5555:6666
  for 60 s; after 10 ms
! warning: A: none

Reachability
✗ failed: TCP: refused
? not known: ICMP echo: there is no
  program ping
`);
  });

  it('are nothing but ASCII where that is asked for', () => {
    const text = drawFindings([...FINDINGS, { section: 'Größe', verdict: 'ok', text: 'ü' }], drawing({ ascii: true }));
    expect(text).toMatch(/^[\n\x20-\x7e]*$/);
    expect(text).toContain('  + ok         AAAA');
    expect(text).toContain('  x failed     TCP: refused');
    expect(text).toContain('Gr\\u00f6\\u00dfe');
  });

  it('are styled by their verdict, which does not change where lines break', () => {
    const styled = drawFindings(FINDINGS, drawing({ width: 40, style: (format, text) => `<${format}>${text}</>` }));
    expect(styled).toContain('<bold>Records</>\n<green>✓ ok</>: AAAA:\n');
    expect(styled).toContain('<yellow>! warning</>: ');
    expect(styled).toContain('<red>✗ failed</>: ');
    expect(styled).toContain('<dim>? not known</>: ');
    expect(styled.replaceAll(/<.*?>/g, '')).toBe(drawFindings(FINDINGS, drawing({ width: 40 })));
  });

  it.each(['\x1b[2J', '\r', '\u009b31m', '\u202e', 'a\nb'])(
    'do not let what comes from others act on the terminal: %j',
    (text) => {
      const drawn = drawFindings([{ section: 'Reverse names', verdict: 'ok', text }], drawing());
      expect(drawn.split('\n')).toHaveLength(3);
      expect(drawn).toMatch(/\\[urn]/);
      expect(drawn).not.toMatch(/[\0-\x09\x0b-\x1f\x7f-\x9f\u202e]/);
    },
  );
});

describe('headings and the last sentence', () => {
  it('are broken, too', () => {
    const narrow = drawing({ width: 40 });
    expect(heading('a-name-of-a-host-that-is-rather-long.example, port 443', narrow)).toBe(
      'a-name-of-a-host-that-is-rather-long.\nexample, port 443\n',
    );
    expect(
      drawConclusion({ verdict: 'not ready', text: 'www.example is not ready for IPv6: it has no AAAA record.' }, narrow),
    ).toBe('✗ www.example is not ready for IPv6: it\n  has no AAAA record.\n');
  });

  it.each([
    ['ready', '✓', '+'],
    ['not ready', '✗', 'x'],
    ['unknown', '?', '?'],
  ] as const)('%s has its symbol', (verdict, symbol, ascii) => {
    expect(drawConclusion({ verdict, text: 'so' }, drawing())).toBe(`${symbol} so\n`);
    expect(drawConclusion({ verdict, text: 'so' }, drawing({ ascii: true }))).toBe(`${ascii} so\n`);
  });
});
