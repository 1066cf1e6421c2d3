import { FIRST_STATE } from './first-state.js';
import { stateWith, type State } from './state.js';

/** A state that is worth a look. */
export interface Preset {
  readonly name: string;
  readonly group: 'The demo of the command line' | 'RFC 8305' | 'The comparison';
  readonly state: State;
}

const SIX = '2001:db8::1';
const SIX_B = '2001:db8::2';
const SIX_C = '2001:db8::3';
const SIX_D = '2001:db8::4';
const FOUR = '192.0.2.1';
const FOUR_B = '192.0.2.2';
const FOUR_C = '192.0.2.3';
const FOUR_D = '192.0.2.4';

const silent = { kind: 'silent' } as const;
const good = { kind: 'connects', after: 30 } as const;
const slow = { kind: 'connects', after: 400 } as const;
const slower = { kind: 'connects', after: 1000 } as const;
const refuses = { kind: 'refuses', after: 1 } as const;
const icmp = { kind: 'icmp', after: 3 } as const;
const stalls = { kind: 'stalls', after: 30 } as const;

/** Both answers in the same instant, as those of a cache. */
const TOGETHER = { aaaa: { after: 0 }, a: { after: 0 } };

/** As `rx-happy-eyeballs demo` has them, on addresses for documentation. */
const demo: readonly (readonly [string, State])[] = [
  ['mixed: one is silent, one refuses, one is slow, one is in order', FIRST_STATE],
  ['blackhole: IPv6 drops every packet', stateWith({ [SIX]: silent, [FOUR]: good })],
  ['refused: nothing listens on IPv6', stateWith({ [SIX]: refuses, [FOUR]: good })],
  ['slow: a second for a connection', stateWith({ [SIX]: silent, [FOUR]: slower })],
  [
    'late-aaaa: the AAAA answer comes late',
    stateWith({ [SIX]: good, [FOUR]: silent }, { a: { after: 20 }, aaaa: { after: 200 } }),
  ],
  ['tls-stall: TCP is up, and TLS is not', stateWith({ [SIX]: stalls, [FOUR]: good }, { tls: true })],
  [
    'all-dead: no address works',
    stateWith({ [SIX]: silent, [FOUR]: refuses, [FOUR_B]: silent }, { options: { connectTimeout: 1500 } }),
  ],
];

const rfc8305: readonly (readonly [string, State])[] = [
  [
    'section 3: A first, AAAA within the Resolution Delay',
    stateWith({ [SIX]: good, [FOUR]: good }, { a: { after: 10 }, aaaa: { after: 40 } }),
  ],
  [
    'section 3: A first, AAAA after the Resolution Delay',
    stateWith({ [SIX]: good, [FOUR]: slow }, { a: { after: 10 }, aaaa: { after: 120 } }),
  ],
  ['section 3: AAAA is never answered', stateWith({ [FOUR]: good }, { aaaa: { kind: 'never', addresses: [] } })],
  ['section 3: AAAA has no data', stateWith({ [FOUR]: good }, { aaaa: { kind: 'nodata', after: 30 } })],
  [
    'section 4: the families alternate',
    stateWith(
      { [SIX]: silent, [SIX_B]: silent, [SIX_C]: silent, [FOUR]: silent, [FOUR_B]: silent },
      { options: { connectTimeout: 1500 } },
    ),
  ],
  [
    'section 4: First Address Family Count 2',
    stateWith({ [SIX]: silent, [SIX_B]: silent, [FOUR]: good }, { options: { firstAddressFamilyCount: 2 } }),
  ],
  [
    'section 5: a slow first attempt may still win',
    stateWith({ [SIX]: { kind: 'connects', after: 320 }, [FOUR]: { kind: 'connects', after: 200 } }),
  ],
  ['section 5: a failure starts the next at once', stateWith({ [SIX]: icmp, [FOUR]: refuses, [SIX_B]: good })],
  [
    'section 5: the least delay, 10 ms',
    stateWith({ [SIX]: silent, [SIX_B]: silent, [FOUR]: good }, { options: { connectionAttemptDelay: 10 } }),
  ],
  ['section 7.1: IPv6 alone, with NAT64', stateWith({ [FOUR]: good }, { nat64: true })],
];

const FOUR_AND_FOUR = {
  [SIX]: silent,
  [SIX_B]: silent,
  [SIX_C]: silent,
  [SIX_D]: silent,
  [FOUR]: silent,
  [FOUR_B]: silent,
  [FOUR_C]: silent,
  [FOUR_D]: good,
};

/** The rows of docs/comparison.md. */
const comparison: readonly (readonly [string, State])[] = [
  ['the first address is silent', stateWith({ [SIX]: silent, [FOUR]: good }, TOGETHER)],
  ['4 + 4 addresses, only the last good', stateWith(FOUR_AND_FOUR, TOGETHER)],
  ['every path 400 ms, 1 + 1', stateWith({ [SIX]: slow, [FOUR]: slow }, TOGETHER)],
  ['every path 400 ms, 2 + 2', stateWith({ [SIX]: slow, [SIX_B]: slow, [FOUR]: slow, [FOUR_B]: slow }, TOGETHER)],
  ['2 + 2 addresses, all refuse', stateWith({ [SIX]: refuses, [SIX_B]: refuses, [FOUR]: refuses, [FOUR_B]: refuses }, TOGETHER)],
  ['IPv6 ends by ICMP', stateWith({ [SIX]: icmp, [FOUR]: good }, TOGETHER)],
  ['A is never answered', stateWith({ [SIX]: good }, { aaaa: { after: 0 }, a: { kind: 'never', addresses: [] } })],
  ['AAAA is never answered', stateWith({ [FOUR]: good }, { a: { after: 0 }, aaaa: { kind: 'never', addresses: [] } })],
  ['TLS stalls on IPv6', stateWith({ [SIX]: stalls, [FOUR]: good }, { ...TOGETHER, tls: true })],
  [
    'IPv6 loses what is larger than a packet',
    stateWith({ [SIX]: { kind: 'breaks', after: 30, bytes: 1500 }, [FOUR]: good }, { tls: true }),
  ],
];

function grouped(group: Preset['group'], states: readonly (readonly [string, State])[]): readonly Preset[] {
  return states.map(([name, state]) => ({ name, group, state }));
}

export const PRESETS: readonly Preset[] = [
  ...grouped('The demo of the command line', demo),
  ...grouped('RFC 8305', rfc8305),
  ...grouped('The comparison', comparison),
];
