import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compare } from '../../playground/src/compare.js';
import { LESSON } from '../../playground/src/lesson.js';
import { TEXTS } from '../../playground/src/lesson-texts.js';
import { PRESETS } from '../../playground/src/presets.js';
import { simulate } from '../../playground/src/simulate.js';
import type { OptionsState, PlaceState, State } from '../../playground/src/state.js';
import * as core from '../../src/portable/index.js';

const run = (state: State) => simulate(state, { race: core.race, kit: core });
const finish = (state: State) => run(state).finish;
const starts = (state: State) =>
  run(state).events.flatMap((event) =>
    event.type === 'started' ? [[event.endpoint.address, event.endpoint.port, event.at] as const] : [],
  );
const winner = (state: State) => {
  const last = run(state).events.at(-1);
  return last?.type === 'connected' ? last.endpoint : undefined;
};
const others = (state: State) => Object.fromEntries(compare(state).map(({ name, result }) => [name, result]));

const withOptions = (state: State, options: Partial<OptionsState>): State => ({
  ...state,
  options: { ...state.options, ...options },
});
const withPlaces = (state: State, place: Partial<PlaceState>, only: (address: string) => boolean = () => true): State => ({
  ...state,
  places: Object.fromEntries(
    Object.entries(state.places).map(([address, one]) => [address, only(address) ? { ...one, ...place } : one]),
  ),
});
const isSix = (address: string) => address.includes(':');
const [dead, alternate, abort, delay, stall, https, nat64] = LESSON.map(({ state }) => state) as [
  State,
  State,
  State,
  State,
  State,
  State,
  State,
];

describe('the lesson', () => {
  it('has seven steps, whose text is that of docs/playground.md', () => {
    expect(LESSON).toHaveLength(7);
    const page = readFileSync(join(__dirname, '..', '..', 'docs', 'playground.md'), 'utf8').replace(/\s+/g, ' ');
    expect(TEXTS).toHaveLength(7);
    for (const { title } of LESSON) expect(page).toContain(title);
    for (const { text, task } of TEXTS) for (const words of [...text, task]) expect(page).toContain(words);
  });

  it('1: a dead address costs the Connection Attempt Delay', () => {
    expect(finish(dead) - finish(withOptions(dead, { connectionAttemptDelay: 100 }))).toBe(150);
    expect(finish(withPlaces(dead, { kind: 'refuses' }, isSix))).toBeLessThan(100);
  });

  it('2: without alternation, a broken family costs it once for each address', () => {
    expect(finish(withOptions(alternate, { interleave: false })) - finish(alternate)).toBe(250);
  });

  it('3: Node 20 cuts off what is slower than 250 ms, but for the last address', () => {
    expect([finish(abort), others(abort)['Node 20']!.endedAt, others(abort)['Node 26']!.endedAt]).toEqual([400, 1150, 400]);
    const [slow, quick] = [withPlaces(abort, { after: 260 }), withPlaces(abort, { after: 240 })];
    expect([finish(slow), others(slow)['Node 20']!.endedAt]).toEqual([260, 1010]);
    expect([finish(quick), others(quick)['Node 20']!.endedAt]).toEqual([240, 240]);
    expect(others(withPlaces(abort, { after: 510 }))['Node 26']!.endedAt).toBe(2010);
    const lastDead = withPlaces(abort, { kind: 'silent' }, (address) => address === '192.0.2.2');
    expect([finish(lastDead), others(lastDead)['Node 20']!.winner]).toEqual([400, undefined]);
  });

  it('4: the Resolution Delay is waited for AAAA, and no longer', () => {
    expect(starts(delay)[0]).toEqual(['2001:db8::1', 443, 40]);
    const late = { ...delay, aaaa: { ...delay.aaaa, after: 120 } };
    expect(starts(late)[0]).toEqual(['192.0.2.1', 443, 60]);
    expect(finish({ ...delay, aaaa: { ...delay.aaaa, kind: 'never' } })).toBe(100);
  });

  it('5: with TLS in the race a stall is got around; without, it wins', () => {
    expect(winner(stall)?.address).toBe('192.0.2.1');
    expect(winner({ ...stall, tls: false })?.address).toBe('2001:db8::1');
    expect(others(stall)['Node 26']).toMatchObject({ endedAt: Infinity });
  });

  it('6: a record leads to another port, and is waited for no longer than the Resolution Delay', () => {
    expect(winner(https)).toMatchObject({ port: 8443, service: { target: 'svc.example.net' } });
    expect(starts({ ...https, https: { ...https.https, after: 100 } })[0]![2]).toBeLessThanOrEqual(65);
    expect(winner({ ...https, https: { ...https.https, kind: 'never' } })).toMatchObject({ port: 443 });
  });

  it('7: an IPv4 address is dialled behind the prefix of NAT64', () => {
    expect(winner(nat64)).toMatchObject({ address: '192.0.2.1', via: '64:ff9b::c000:201' });
    expect(winner({ ...nat64, nat64: false })?.via).toBeUndefined();
  });
});

describe('the presets', () => {
  it('have every scenario of the demo', async () => {
    const { scenarios } = await import('../../src/cli/scenarios.js');
    const demo = PRESETS.filter(({ group }) => group === 'The demo of the command line').map(({ name }) => name.split(':')[0]);
    expect(demo).toEqual(Object.keys(scenarios));
  });

  it.each(PRESETS)('$group, $name: comes to an end', ({ state }) => {
    const { events, error, finish } = run(state);
    expect(events.at(-1)?.type === 'connected' || error !== undefined).toBe(true);
    expect(finish).toBeLessThanOrEqual(state.options.connectTimeout);
  });
});
