import { readRaces } from '../../playground/src/opened.js';
import { racesJson } from '../../src/cli/json.js';
import { jsonText } from '../../src/cli/json-text.js';
import { timeline } from '../../src/pictures/index.js';
import { after, connects, hangs, nodata, refuses, virtualNetwork } from '../../src/testing/index.js';
import { race$ } from '../../src/index.js';

const network = virtualNetwork({
  dns: { AAAA: after(5, ['2001:db8::1', '2001:db8::2']), A: after(8, nodata()) },
  endpoints: { '2001:db8::1': refuses(20), '2001:db8::2': connects(30).thenTls(hangs()) },
});
const { events } = (() => {
  const { values } = network.run(race$('example.com', 443, { ...network, connectTimeout: 900 }));
  return { events: values };
})();

const written = jsonText(
  racesJson({ host: 'example.com', port: 443 }, {}, [
    { outcome: 'failed', events, error: undefined } as never,
    { outcome: 'failed', events } as never,
  ]),
);

describe('a race that is opened', () => {
  it('is drawn as it was, from what --json wrote', () => {
    const races = readRaces(written);
    expect(races.map(({ title }) => title)).toEqual(['example.com:443, race 1', 'example.com:443, race 2']);
    expect(timeline(races[0]!.events)).toBe(timeline(events));
  });

  it.each([
    ['no JSON', '{', 'This file is not JSON.'],
    ['other JSON', '{"a":1}', 'This is not what rx-happy-eyeballs connect --json writes.'],
    ['a list', '[]', 'This is not what rx-happy-eyeballs connect --json writes.'],
    ['races without events', '{"version":1,"races":[{"events":[]},5,null]}', 'There are no events in this file.'],
    ['an invalid event', '{"version":1,"races":[{"events":[{"type":"x","at":1}]}]}', 'There is an invalid event in this file.'],
    [
      'an event without an instant',
      '{"version":1,"races":[{"events":[{"type":"resolved"}]}]}',
      'There is an invalid event in this file.',
    ],
    ['an attempt without an endpoint', '{"version":1,"races":[{"events":[{"type":"started","at":1}]}]}', 'has no endpoint'],
    ['an answer that holds nothing', '{"version":1,"races":[{"events":[{"type":"answered","at":1}]}]}', 'holds nothing'],
    ['an order without endpoints', '{"version":1,"races":[{"events":[{"type":"queued","at":1}]}]}', 'has no endpoints'],
  ])('is refused in words where the file is %s', (_, text, reason) => {
    expect(() => readRaces(text)).toThrow(reason);
  });
});
