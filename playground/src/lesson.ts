import { stateWith, type State } from './state.js';

/** One step of the lesson: what to look at, and what to try. */
export interface Step {
  readonly title: string;
  readonly text: readonly string[];
  /** What to do, and what is to be seen then. */
  readonly task: string;
  readonly state: State;
}

const SIX = '2001:db8::1';
const SIX_B = '2001:db8::2';
const FOUR = '192.0.2.1';
const FOUR_B = '192.0.2.2';

const silent = { kind: 'silent' } as const;
const good = { kind: 'connects', after: 40 } as const;
const slow = { kind: 'connects', after: 400 } as const;

/** The lesson, in seven steps; docs/playground.md has the same text. */
export const LESSON: readonly Step[] = [
  {
    title: 'What a dead address costs',
    text: [
      'The name has two addresses. The IPv6 one is dead: packets to it are dropped without any notice.',
      'A client that tries one address after another learns this from the system, which gives up after two minutes. Happy Eyeballs starts the next attempt after 250 ms, the Connection Attempt Delay, and keeps the first one running.',
    ],
    task: 'Lower the Connection Attempt Delay to 100 ms. The user now waits 150 ms less. Then set the IPv6 address to “refuses”: an answer, even a bad one, costs almost nothing.',
    state: stateWith({ [SIX]: silent, [FOUR]: good }),
  },
  {
    title: 'Why the families alternate',
    text: [
      'Here the whole of IPv6 is broken, and the name has two IPv6 addresses. An address is rarely dead by itself: what is broken is usually the path of a family.',
      'So the second attempt goes to the other family. It does not go down the list.',
    ],
    task: 'Turn “Alternate the families” off. The second IPv6 address is now tried first, and the user waits 250 ms more.',
    state: stateWith({ [SIX]: silent, [SIX_B]: silent, [FOUR]: good, [FOUR_B]: good }),
  },
  {
    title: 'Why not abort',
    text: [
      'Every path takes 400 ms, as over a satellite. All addresses work.',
      'Look at Node 20 below: it aborts each attempt after 250 ms, and starts the next. The connection would have been there 150 ms later. Only the last address is given the time that it needs, so the user waits 1,150 ms for what takes 400 ms. With a round trip of more than 250 ms, every address but the last is cut off.',
      'A race aborts nothing. The second attempt runs beside the first, and whichever connects first wins.',
    ],
    task: 'Set every address to 260 ms, then to 240 ms. Node 20 changes, and the race does not. Node 26 waits 500 ms: where does it break?',
    state: stateWith({ [SIX]: slow, [SIX_B]: slow, [FOUR]: slow, [FOUR_B]: slow }, { aaaa: { after: 0 }, a: { after: 0 } }),
  },
  {
    title: 'The Resolution Delay',
    text: [
      'AAAA and A are two questions, and their answers do not come together. Here the A answer comes first.',
      'The race waits 50 ms for AAAA, the Resolution Delay, so that IPv6 may still lead. It does not wait longer: some servers never answer AAAA at all.',
    ],
    task: 'Move the AAAA answer from 40 ms to 120 ms. Now IPv4 starts first, and IPv6 joins the race when its answer is there. Then let AAAA be “never answered”, and compare.',
    state: stateWith({ [SIX]: good, [FOUR]: good }, { a: { after: 10 }, aaaa: { after: 40 } }),
  },
  {
    title: 'A stalled TLS handshake',
    text: [
      'A connection is no use before TLS is done. The IPv6 address accepts TCP, and then says nothing: a broken load balancer, or a path that loses large packets.',
      'Most clients choose by TCP, and are then stuck with what they have chosen. Here the handshake belongs to the attempt, so the race goes on.',
    ],
    task: 'Turn TLS off. TCP alone decides now: IPv6 wins, and the user has a connection that is of no use.',
    state: stateWith({ [SIX]: { kind: 'stalls', after: 40 }, [FOUR]: good }, { tls: true }),
  },
  {
    title: 'HTTPS records',
    text: [
      'An HTTPS record tells where a service really is: under which name, on which port, and with which protocols. Its hints are addresses that come along, so that nothing has to wait for a second question.',
      'Here the record leads to svc.example.net on port 8443. Look at the order: the attempts go to port 8443.',
    ],
    task: 'Move the HTTPS answer to 100 ms. The race waits for it, but no longer than the Resolution Delay. Then let it be “never answered”.',
    state: stateWith({ [SIX]: good, [FOUR]: good }, { https: { kind: 'record', after: 12 }, tls: true }),
  },
  {
    title: 'NAT64',
    text: [
      'Many mobile networks have IPv6 alone. An IPv4 address is then reached by way of a NAT64: the client puts it behind the prefix 64:ff9b::/96, and dials that.',
      'The host has no IPv6 address. Where there is a NAT64 and a client knows its prefix, the name works all the same.',
    ],
    task: 'Turn “IPv6 alone, with NAT64” off. The address is then dialled as it is. In a network without IPv4, that would fail at once.',
    state: stateWith({ [FOUR]: good }, { nat64: true }),
  },
];
