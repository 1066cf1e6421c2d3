import fc from 'fast-check';
import { LESSON } from '../../playground/src/lesson.js';
import { decodePage, encodePage } from '../../playground/src/page-state.js';
import { PRESETS } from '../../playground/src/presets.js';
import { decodeState, encodeState } from '../../playground/src/url.js';
import { RANGES } from '../../playground/src/state.js';
import { randomState } from '../support/playground.js';

describe('a state in an address', () => {
  it.each([...PRESETS, ...LESSON.map(({ title, state }) => ({ name: title, state }))])(
    'is the same again: $name',
    ({ state }) => {
      expect(decodeState(encodeState(state))).toEqual(state);
    },
  );

  it('is the same again, whatever it is', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const state = randomState(seed);
        // A record that is not asked for is not in the address.
        const https = state.https.kind === 'off' ? decodeState('').https : state.https;
        expect(decodeState(encodeState(state))).toEqual({ ...state, https });
      }),
    );
  });

  it('can be read', () => {
    expect(encodeState(PRESETS[1]!.state)).toBe(
      'aaaa=addresses~10~2001:db8::1&a=addresses~15~192.0.2.1&at=2001:db8::1~silent~40&at=192.0.2.1~connects~30',
    );
  });

  it('takes with it how far its reader is', () => {
    const page = { state: LESSON[2]!.state, lesson: 3, at: 120 };
    expect(decodePage(`#${encodePage(page)}`)).toEqual(page);
    expect(decodePage('#lesson=3')).toEqual({ state: LESSON[2]!.state, lesson: 3 });
    expect(decodePage('')).toEqual({ state: PRESETS[0]!.state, lesson: 0 });
  });

  it.each([
    '#aaaa=nonsense~x~1.2.3.4',
    '#a=addresses~-5~::1~192.0.2.1~192.0.2.1~<script>',
    '#at=::1~silent~1e99&at=fe80::1%25eth0~connects~5&at=__proto__~connects~1',
    '#connectionAttemptDelay=0&maxConcurrentAttempts=1e9&preferFamily=5&t=-1&lesson=99',
    '#https=record~5~<b>.example~99999~2',
    '#%',
    `#${'at=::1~silent~5&'.repeat(10_000)}`,
  ])('is one that can be simulated, whatever stands there: %s', (text) => {
    const { state, lesson } = decodePage(text);
    expect([0, 1, 2, 3, 4, 5, 6, 7]).toContain(lesson);
    expect(encodeState(decodeState(encodeState(state)))).toBe(encodeState(state));
    expect(state.options.connectionAttemptDelay).toBeGreaterThanOrEqual(RANGES.connectionAttemptDelay.min);
    for (const { after } of [state.aaaa, state.a, ...Object.values(state.places)]) expect(after >= 0 && after <= 2000).toBe(true);
    expect(JSON.stringify(state)).not.toMatch(/[<%]/);
  });
});
