import { stateWith, type State } from './state.js';

/** One step of the lesson: what it is about, and the network that it sets up. Its text is in lesson-texts.ts, which is loaded with it. */
export interface Step {
  readonly title: string;
  readonly state: State;
}

const SIX = '2001:db8::1';
const SIX_B = '2001:db8::2';
const FOUR = '192.0.2.1';
const FOUR_B = '192.0.2.2';

const silent = { kind: 'silent' } as const;
const good = { kind: 'connects', after: 40 } as const;
const slow = { kind: 'connects', after: 400 } as const;

/** The lesson, in seven steps. */
export const LESSON: readonly Step[] = [
  {
    title: 'What a dead address costs',
    state: stateWith({ [SIX]: silent, [FOUR]: good }),
  },
  {
    title: 'Why the families alternate',
    state: stateWith({ [SIX]: silent, [SIX_B]: silent, [FOUR]: good, [FOUR_B]: good }),
  },
  {
    title: 'Why Node cuts off slow addresses, and a race does not',
    state: stateWith({ [SIX]: slow, [SIX_B]: slow, [FOUR]: slow, [FOUR_B]: slow }, { aaaa: { after: 0 }, a: { after: 0 } }),
  },
  {
    title: 'The Resolution Delay',
    state: stateWith({ [SIX]: good, [FOUR]: good }, { a: { after: 10 }, aaaa: { after: 40 } }),
  },
  {
    title: 'A stalled TLS handshake',
    state: stateWith({ [SIX]: { kind: 'stalls', after: 40 }, [FOUR]: good }, { tls: true }),
  },
  {
    title: 'HTTPS records',
    state: stateWith({ [SIX]: good, [FOUR]: good }, { https: { kind: 'record', after: 12 }, tls: true }),
  },
  {
    title: 'NAT64',
    state: stateWith({ [FOUR]: good }, { nat64: true }),
  },
];
