import { asyncio } from '../../src/models/asyncio.js';
import { clients } from '../../src/models/clients.js';
import { curl } from '../../src/models/curl.js';
import { firefox } from '../../src/models/firefox.js';
import { go } from '../../src/models/go.js';
import type { Fate, ModelledAnswer, ModelledClient, ModelledNetwork } from '../../src/models/model.js';
import { node20, node26 } from '../../src/models/node.js';

const SIX = ['2001:db8::1', '2001:db8::2', '2001:db8::3', '2001:db8::4'];
const FOUR = ['192.0.2.1', '192.0.2.2', '192.0.2.3', '192.0.2.4'];

const within = (after: number): Fate => ({ type: 'connects', after });
const refuses: Fate = { type: 'fails', after: 0, code: 'ECONNREFUSED' };
const icmp: Fate = { type: 'fails', after: 1, code: 'EHOSTUNREACH' };
const silent: Fate = { type: 'silent' };
const stall: Fate = { type: 'connects', after: 0, tls: { type: 'stalls' } };
const secured: Fate = { type: 'connects', after: 0, tls: { type: 'completes', after: 1 } };
const NEVER = Infinity;

/** `count` addresses of each family, all with one fate, but for those that have another. */
const network = (
  count: number,
  fate: Fate,
  others: Readonly<Record<string, Fate>> = {},
  answers: Partial<Record<'AAAA' | 'A', Partial<ModelledAnswer>>> = {},
): ModelledNetwork => {
  const [six, four] = [SIX.slice(0, count), FOUR.slice(0, count)];
  const fates = Object.fromEntries([...six, ...four].map((address) => [address, others[address] ?? fate]));
  const answer = (type: 'AAAA' | 'A', addresses: readonly string[]) => ({ at: 0, addresses, ...answers[type] });
  return { answers: { AAAA: answer('AAAA', six), A: answer('A', four) }, fates };
};

const lastGood = network(4, silent, { [FOUR[3]!]: within(1) });
const sixSilent = network(1, silent, { [FOUR[0]!]: within(1) });
const good = (answers: Parameters<typeof network>[3]) => network(1, within(1), {}, answers);

/** What was measured, in ms; `Infinity`: it hung. Linux, 2026-11, median of three runs. */
const MEASURED: readonly (readonly [what: string, network: ModelledNetwork, ...Record<string, number>[]])[] = [
  ['IPv6 silent', sixSilent, { node20: 252, node26: 501, asyncio: 251, go: 301, curl: 201 }],
  [
    'IPv6 refused',
    network(1, within(1), { [SIX[0]!]: refuses }),
    { node20: 2, node26: 2, asyncio: 1, go: 1, curl: 2, firefox: 11 },
  ],
  ['IPv6 by ICMP', network(1, within(1), { [SIX[0]!]: icmp }), { node20: 3, node26: 2, asyncio: 3, go: 1, curl: 1, firefox: 7 }],
  ['4 + 4, only the last good', lastGood, { node20: 1762, node26: 3511, asyncio: 1757, go: NEVER, curl: NEVER }],
  [
    'every path 400 ms, 1 + 1',
    network(1, within(400)),
    { node20: 653, node26: 401, asyncio: 401, go: 400, curl: 400, firefox: 402 },
  ],
  [
    'every path 400 ms, 2 + 2',
    network(2, within(400)),
    { node20: 1154, node26: 402, asyncio: 402, go: 401, curl: 400, firefox: 408 },
  ],
  ['2 + 2, all refuse: the error', network(2, refuses), { node20: 4, node26: 3, asyncio: 2, go: 1, curl: 205 }],
  [
    'A never answered',
    good({ A: { at: NEVER, addresses: [] } }),
    { node20: NEVER, node26: NEVER, asyncio: NEVER, go: 10_005, curl: NEVER },
  ],
  [
    'AAAA never answered',
    good({ AAAA: { at: NEVER, addresses: [] } }),
    { node20: NEVER, node26: NEVER, asyncio: NEVER, go: 10_007, curl: NEVER, firefox: 60 },
  ],
  ['A late', good({ A: { at: 300, addresses: [FOUR[0]!] } }), { node20: 301, node26: 301, asyncio: 301, go: 301, curl: 301 }],
  ['TLS stall on IPv6', network(1, secured, { [SIX[0]!]: stall }), { node20: NEVER, node26: NEVER, go: NEVER, curl: NEVER }],
];

const CLIENTS: Readonly<Record<string, ModelledClient>> = { node20, node26, asyncio, go, curl, firefox };

/** ms that processes and packets take, and that a model does not know. */
const OVERHEAD = 20;

describe('models of clients', () => {
  const cases = MEASURED.flatMap(([what, on, measured]) =>
    Object.entries(measured!).map(([client, ms]) => [CLIENTS[client]!.name, what, ms, CLIENTS[client]!, on] as const),
  );

  it.each(cases)('%s, %s: within 20 ms of the %s ms that were measured', (_, _what, measured, client, on) => {
    const { endedAt, winner, error } = client.run(on);
    // Two minutes, which no one waits for, is what the system takes to give up on a silent address.
    const seen = endedAt > 100_000 ? NEVER : endedAt;
    if (measured === NEVER) expect(seen).toBe(NEVER);
    else expect(Math.abs(seen - measured)).toBeLessThanOrEqual(OVERHEAD);
    if (measured < NEVER) expect(winner !== undefined || error !== undefined).toBe(true);
  });

  it.each([
    [node20, true, 1],
    [node26, true, 1],
    [asyncio, false, 8],
    [go, false, 2],
    [curl, false, 2],
  ] as const)(
    '$name aborts the first attempt when the second starts: %s; attempts in flight at most: %s',
    (client, aborts, most) => {
      const { attempts } = client.run(network(4, silent));
      const inFlight = attempts.map(
        ({ startedAt }) => attempts.filter((one) => one.startedAt <= startedAt && one.endedAt > startedAt).length,
      );
      expect(attempts[0]!.outcome === 'aborted').toBe(aborts);
      expect(Math.max(...inFlight.slice(0, 8))).toBe(most);
    },
  );

  it('Firefox doubles its delay with each attempt in flight: 0, 50, 150, 350, 750 ms', () => {
    const { attempts } = firefox.run(network(3, silent));
    expect(attempts.slice(0, 5).map(({ startedAt }) => startedAt)).toEqual([0, 50, 150, 350, 750]);
    expect(firefox.run(network(1, secured, { [SIX[0]!]: stall }))).toMatchObject({ winner: { address: FOUR[0] }, endedAt: 51 });
  });

  it('Firefox waits 50 ms for AAAA, and takes what comes later into the race', () => {
    const late = network(1, silent, {}, { AAAA: { at: 200, addresses: [SIX[0]!] } });
    expect(firefox.run(late).attempts.map(({ address, startedAt }) => [address, startedAt])).toEqual([
      [FOUR[0], 50],
      [SIX[0], 200],
    ]);
  });

  it.each(clients)('$name says why there is nothing to try, or waits for ever', (client) => {
    const empty = { answers: { AAAA: { at: 5, addresses: [] }, A: { at: 8, addresses: [] } }, fates: {} };
    expect(client.run(empty)).toMatchObject({ attempts: [], endedAt: 8, error: { message: expect.any(String) as string } });
  });

  it.each(clients)('$name ends losers with the winner, and starts nothing after it', (client) => {
    const { attempts, winner, endedAt } = client.run(network(3, within(300)));
    expect(winner).toMatchObject({ outcome: 'connected', endedAt });
    for (const { startedAt, endedAt: end } of attempts) expect([startedAt <= endedAt, end <= endedAt]).toEqual([true, true]);
  });
});
