/** What one step of the lesson says. */
export interface StepText {
  readonly text: readonly string[];
  /** What to do, and what is to be seen then. */
  readonly task: string;
  /** Where to do it: names of parts of the page, and their ids. */
  readonly controls: readonly (readonly [name: string, id: string])[];
}

const DELAY = ['Connection Attempt Delay', 'connectionAttemptDelay'] as const;
const OTHERS = ['What others would have done', 'others-title'] as const;
const place = (address: string) => [address, `at-${address}`] as const;

/** The texts of the lesson, in the order of its steps; docs/playground.md has them as well. */
export const TEXTS: readonly StepText[] = [
  {
    text: [
      'The name has an IPv6 address (from its AAAA record) and an IPv4 address (from its A record). The IPv6 one is silent: packets to it are dropped.',
      'Programs used to wait until the system gave up on such an address, which takes two minutes. Happy Eyeballs starts the next attempt after 250 ms, the Connection Attempt Delay, and keeps the first one running.',
    ],
    task: 'Lower the Connection Attempt Delay to 100 ms. The user now waits 150 ms less. Then set the IPv6 address to “refuses”: an answer, even a bad one, costs almost nothing.',
    controls: [DELAY, place('2001:db8::1')],
  },
  {
    text: [
      'Here the whole of IPv6 is broken, and the name has two IPv6 addresses. An address is rarely dead by itself: what is broken is usually the path of a family.',
      'So the second attempt goes to the other family. It does not go down the list.',
    ],
    task: 'Turn “Alternate the families” off. Both IPv6 addresses are now tried before the IPv4 address, and the user waits 250 ms more.',
    controls: [['Alternate the families', 'interleave']],
  },
  {
    text: [
      'Every path takes 400 ms, as over a satellite. All four addresses work.',
      'Look at Node 20 among the other clients. It tries one address at a time. To start the next attempt after 250 ms, it has to abort the one before, although that would have connected 150 ms later. Only the last address is given the time that it needs. The user waits 3 × 250 + 400 = 1,150 ms for what takes 400 ms.',
      'So with a round trip of more than 250 ms, Node 20 cuts off every address but the last. If the last one is dead, it does not connect at all. (A single address is the last one, and is never cut off. Node 26 does the same with 500 ms.)',
      'A race has the same 250 ms, and aborts nothing on the way. The second attempt runs beside the first, and the first to connect wins; only then are the others cancelled.',
    ],
    task: 'Set every address to 260 ms, then to 240 ms: Node 20 goes from 1,010 to 240 ms, and the race from 260 to 240 ms. Set it to 510 ms: now Node 26 cuts off, too. Then set every address to 400 ms again, and 192.0.2.2 to “silent”: Node 20 no longer connects, although three addresses work.',
    controls: [OTHERS, ['Round trip of every address', 'all-after'], place('192.0.2.2')],
  },
  {
    text: [
      'AAAA and A are two questions, and their answers do not come together. Here the A answer comes first.',
      'The race waits 50 ms for AAAA, the Resolution Delay, so that IPv6 may still lead. It does not wait longer: some servers never answer AAAA at all.',
    ],
    task: 'Move the AAAA answer from 40 ms to 120 ms. Now IPv4 starts first, and IPv6 joins the race when its answer is there. Then let AAAA be “never answered”, and compare.',
    controls: [
      ['AAAA comes after', 'AAAA-after'],
      ['AAAA', 'AAAA-kind'],
    ],
  },
  {
    text: [
      'A connection is no use before TLS is done. The IPv6 address accepts TCP, and then says nothing: a broken load balancer, or a path that loses large packets.',
      'Most clients choose by TCP, and are then stuck with what they have chosen. Here the handshake belongs to the attempt, so the race goes on.',
    ],
    task: 'Turn TLS off. TCP alone decides now: IPv6 wins, and the user has a connection that is of no use.',
    controls: [['TLS', 'tls']],
  },
  {
    text: [
      'An HTTPS record tells where a service really is: under which name, on which port, and with which protocols. Its hints are addresses that come along, so that nothing has to wait for a second question.',
      'Here the record leads to svc.example.net on port 8443. Look at the order: the attempts go to port 8443.',
    ],
    task: 'Move the HTTPS answer to 100 ms. The race waits for it, but no longer than the Resolution Delay. Then let it be “never answered”.',
    controls: [
      ['HTTPS comes after', 'https-after'],
      ['HTTPS', 'https-kind'],
    ],
  },
  {
    text: [
      'Many mobile networks have IPv6 alone. An IPv4 address is then reached by way of a NAT64: the client puts it behind the prefix 64:ff9b::/96, and dials that.',
      'The host has no IPv6 address. Where there is a NAT64 and a client knows its prefix, the name works all the same.',
    ],
    task: 'Turn “IPv6 alone, with NAT64” off. The address is then dialled as it is. In a network without IPv4, that would fail at once.',
    controls: [['IPv6 alone, with NAT64', 'nat64']],
  },
];
