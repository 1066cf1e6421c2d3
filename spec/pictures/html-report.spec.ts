import fc from 'fast-check';
import { htmlReport, type Endpoint, type RaceEvent } from '../../src/index.js';
import { HOSTILE, longRace, raceEvents, seed } from '../support/race-events.js';
import { connects, hangs, refuses } from '../../src/testing/index.js';
import { A, AAAA, answering, runRace } from '../support/virtual-race.js';
import { all, parseXml, textOf, type Element } from '../support/xml.js';

const six = '2001:db8::6',
  four = '192.0.2.4',
  five = '192.0.2.5';

/** A report as a tree: it is HTML that is well-formed XML as well, but for its doctype and the elements that are never closed. */
function parse(report: string): Element {
  expect(report).toMatch(/^<!doctype html>\n/);
  return parseXml(report.replace('<!doctype html>', '').replace(/<(meta|link)( [^>]*)>/g, '<$1$2/>'));
}

const rowsIn = (table: Element) =>
  all(table, 'tr').map((row) => row.children.map((cell) => (typeof cell === 'string' ? cell : textOf(cell))).join(' | '));

describe('htmlReport', () => {
  const { events } = runRace({
    lookup: answering([12, AAAA(six)], [20, A(four, five)]),
    fates: { [six]: connects(100).thenTls(hangs()), [four]: refuses(30), [five]: connects(35) },
  });
  const page = parse(htmlReport(events, { title: 'example.com' }));
  const [lookUps, attempts, order] = all(page, 'table');

  it('has its title, and the verdict in a sentence', () => {
    expect(all(page, 'title')[0]).toMatchObject({ children: ['example.com'] });
    expect(all(page, 'h1').map(textOf)).toEqual(['example.com']);
    expect(all(page, 'p').map(textOf)).toEqual([
      '192.0.2.5:443 won after 377 ms. Of the 2 others, 1 failed and 1 was cancelled.',
    ]);
  });

  it('has a note where there is one', () => {
    const noted = htmlReport([], { note: 'run by <me>\nat noon' });
    expect(noted).toContain('<p class="note">run by &lt;me&gt; at noon</p>');
    expect(htmlReport([])).not.toContain('class="note"');
  });

  it('has tables of look-ups, of attempts, and of the order as it changed', () => {
    expect(rowsIn(lookUps!)).toEqual([
      'Query | Answered | Result | Addresses',
      'AAAA | 12 ms | ● 1 address | 2001:db8::6',
      'A | 20 ms | ● 2 addresses | 192.0.2.4, 192.0.2.5',
    ]);
    expect(rowsIn(attempts!)).toEqual([
      'Address | Start | TCP up | End | Duration | Outcome | Reason',
      '[2001:db8::6]:443 | 12 ms | 112 ms | 377 ms | 365 ms | ○ cancelled | ',
      '192.0.2.4:443 | 312 ms | – | 342 ms | 30 ms | ✗ failed | connect ECONNREFUSED 192.0.2.4:443',
      '192.0.2.5:443 | 342 ms | – | 377 ms | 35 ms | ● connected | ',
    ]);
    expect(rowsIn(order!)).toEqual(['Since | Order', '12 ms | [2001:db8::6]:443', '20 ms | 192.0.2.4:443192.0.2.5:443']);
    expect(all(page, 'caption').map(textOf)[0]).toBe('Answers to DNS queries. The resolver had finished after 20 ms.');
  });

  it('has the race as text as well', () => {
    const [marbles, text] = all(page, 'pre').map(textOf);
    expect(marbles).toMatch(/^AAAA +-+a\n/);
    expect(text).toMatch(/\n192\.0\.2\.5:443 +├─+● +connected after 35 ms$/);
  });

  it('asks for nothing and runs nothing: its policy forbids both', () => {
    const [policy] = all(page, 'meta').filter(({ attributes }) => attributes['http-equiv'] === 'Content-Security-Policy');
    expect(policy!.attributes.content).toMatch(/^default-src 'none'; style-src 'unsafe-inline';/);
    expect(all(page, 'script')).toEqual([]);
    expect(htmlReport(events)).not.toMatch(/https?:(?!\/\/www\.w3\.org\/2000\/svg)|url\(|@import/);
  });

  it('says what a lost race ended with', () => {
    const { events: lost, error } = runRace({
      lookup: answering([5, AAAA(six)]),
      fates: { [six]: hangs() },
      options: { connectTimeout: 500 },
    });
    const verdictOf = (report: string) => all(parse(report), 'p').map((p) => [p.attributes.class, textOf(p)]);
    expect(verdictOf(htmlReport(lost))).toEqual([
      ['verdict failed', 'No winner: the race was ended after 500 ms, with 1 attempt in flight.'],
    ]);
    expect(verdictOf(htmlReport(lost, { error }))).toEqual([['verdict failed', `No winner. ${error!.message}`]]);
    expect(verdictOf(htmlReport(events, { error }))[0]![1]).toMatch(/^192\.0\.2\.5:443 won/);
  });

  it('keeps the text of others from being anything but text', () => {
    const said = HOSTILE.flatMap((text, port): RaceEvent[] => {
      const endpoint: Endpoint = { address: text, family: 4, port };
      return [
        { type: 'queued', at: 0, endpoints: [endpoint] },
        { type: 'started', at: 1, endpoint },
        { type: 'failed', at: 2, endpoint, error: Object.assign(new Error(text), { code: text }) },
        { type: 'answered', at: 3, answer: { type: 'A', addresses: [], error: new Error(text) } },
      ];
    });
    for (const title of HOSTILE) {
      const tree = parse(htmlReport(said, { title, error: new Error(title) }));
      expect(all(tree, 'script').concat(all(tree, 'img'))).toEqual([]);
    }
  });

  it('is drawn of whatever happens', () => {
    fc.assert(
      fc.property(raceEvents, (some) => void parse(htmlReport(some))),
      { numRuns: 60, seed },
    );
  });

  it('of a race that has not begun says so', () => {
    const empty = parse(htmlReport([]));
    expect(all(empty, 'h1').map(textOf)).toEqual(['A race of connections']);
    expect(all(empty, 'p').map(textOf)).toEqual(['Nothing has happened yet.']);
    expect(all(empty, 'tbody').map((body) => textOf(body).trim())).toEqual(['None.', 'None.', 'None.']);
  });

  it('grows with its race and no faster, however often the order of thousands changes', () => {
    const endpoints = longRace(2000).flatMap((event) => (event.type === 'started' ? [event.endpoint] : []));
    const changes = endpoints.map((_, at): RaceEvent => ({ type: 'queued', at, endpoints: endpoints.slice(at) }));
    const order = all(parse(htmlReport(changes)), 'table')[2]!;
    expect(rowsIn(order)).toHaveLength(1 + 50 + 1);
    expect(rowsIn(order)[1]).toMatch(/and 1980 more$/);
    expect(rowsIn(order).at(-1)).toBe('And 1950 more changes.');
    expect(htmlReport(longRace(1000)).length).toBeLessThan(3_000_000);
  });

  it.each<[object, string]>([
    [{ title: 1 }, 'ERR_INVALID_ARG_TYPE'],
    [{ error: 'lost' }, 'ERR_INVALID_ARG_TYPE'],
    [{ script: true }, 'ERR_INVALID_ARG_VALUE'],
  ])('refuses %p with %s', (options, code) => {
    expect(() => htmlReport([], options)).toThrow(expect.objectContaining({ code }));
  });
});
