import type { Fate, ModelledNetwork, ModelledResult } from '../../src/models/model.js';
import { node20, node26, nodeAlone } from '../../src/models/node.js';

const SIX = '2001:db8::1';
const SIX_B = '2001:db8::2';
const FOUR = '192.0.2.1';
const FOUR_B = '192.0.2.2';

const within = (after: number): Fate => ({ type: 'connects', after });
const fails = (code: string, after = 0): Fate => ({ type: 'fails', after, code });
const SILENT: Fate = { type: 'silent' };

/** IPv6 addresses first, and all answers at once. */
function network(fates: Readonly<Record<string, Fate>>, others: Partial<ModelledNetwork> = {}): ModelledNetwork {
  const [six, four] = [true, false].map((isSix) => Object.keys(fates).filter((address) => address.includes(':') === isSix));
  return { answers: { AAAA: { at: 0, addresses: six! }, A: { at: 0, addresses: four! } }, fates, ...others };
}

/** Each attempt in a line, and how it ended. */
function told({ attempts, winner, endedAt, error }: ModelledResult) {
  return {
    attempts: attempts.map(({ address, startedAt, endedAt, outcome, code = '' }) =>
      `${address} ${startedAt}–${endedAt} ${outcome} ${code}`.trim(),
    ),
    ...(winner && { winner: winner.address }),
    endedAt,
    ...(error && { error: [error.name, error.code, error.message].join(' ').trim() }),
  };
}

describe('a model of Node alone', () => {
  it('waits for both families, and connects to the first address', () => {
    const answers = { AAAA: { at: 10, addresses: [SIX] }, A: { at: 300, addresses: [FOUR] } };
    expect(told(node20.run({ answers, fates: { [SIX]: within(20), [FOUR]: within(20) } }))).toEqual({
      attempts: [`${SIX} 300–320 connected`],
      winner: SIX,
      endedAt: 320,
    });
  });

  it('hangs where one family is never answered', () => {
    const answers = { AAAA: { at: 10, addresses: [SIX] }, A: { at: Infinity, addresses: [] } };
    expect(told(node20.run({ answers, fates: { [SIX]: within(20) } }))).toEqual({ attempts: [], endedAt: Infinity });
  });

  it.each([
    [node20, 250],
    [node26, 500],
  ])('$name aborts a silent address after its timeout', (node, timeout) => {
    expect(told(node.run(network({ [SIX]: SILENT, [FOUR]: within(20) })))).toEqual({
      attempts: [`${SIX} 0–${timeout} aborted`, `${FOUR} ${timeout}–${timeout + 20} connected`],
      winner: FOUR,
      endedAt: timeout + 20,
    });
  });

  it('goes on at once after a failure', () => {
    expect(told(node20.run(network({ [SIX]: fails('ECONNREFUSED', 3), [FOUR]: within(20) }))).attempts).toEqual([
      `${SIX} 0–3 failed ECONNREFUSED`,
      `${FOUR} 3–23 connected`,
    ]);
  });

  it('gives each attempt but the last its timeout, however near the connection is', () => {
    const slow = network({ [SIX]: within(400), [SIX_B]: within(400), [FOUR]: within(400), [FOUR_B]: within(400) });
    expect(told(node20.run(slow))).toEqual({
      attempts: [`${SIX} 0–250 aborted`, `${FOUR} 250–500 aborted`, `${SIX_B} 500–750 aborted`, `${FOUR_B} 750–1150 connected`],
      winner: FOUR_B,
      endedAt: 1150,
    });
    expect(told(node26.run(slow))).toMatchObject({ winner: SIX, endedAt: 400 });
  });

  it('takes a connection at the very instant of the timeout', () => {
    expect(told(node20.run(network({ [SIX]: within(250), [FOUR]: within(1) })))).toMatchObject({ winner: SIX, endedAt: 250 });
    expect(told(node20.run(network({ [SIX]: within(251), [FOUR]: within(1) })))).toMatchObject({ winner: FOUR, endedAt: 251 });
  });

  it('leaves the last address to the system, and ends with an AggregateError without a message', () => {
    expect(told(node20.run(network({ [SIX]: SILENT, [FOUR]: SILENT })))).toEqual({
      attempts: [`${SIX} 0–250 aborted`, `${FOUR} 250–127250 failed ETIMEDOUT`],
      endedAt: 127_250,
      error: 'AggregateError ETIMEDOUT',
    });
  });

  it('gives an AggregateError the code of the first attempt', () => {
    const { error } = node20.run(network({ [SIX]: fails('ENETUNREACH'), [FOUR]: fails('ECONNREFUSED', 5) }));
    expect(error).toEqual({ name: 'AggregateError', code: 'ENETUNREACH', message: '' });
  });

  it('has no timeout for a single address, and its own error', () => {
    expect(told(node20.run(network({ [FOUR]: within(900) })))).toMatchObject({ winner: FOUR, endedAt: 900 });
    expect(told(node20.run(network({ [FOUR]: fails('ECONNREFUSED', 2) }, { port: 80 })))).toEqual({
      attempts: [`${FOUR} 0–2 failed ECONNREFUSED`],
      endedAt: 2,
      error: 'Error ECONNREFUSED connect ECONNREFUSED 192.0.2.1:80',
    });
  });

  it('begins with the family of the first address in the order of the system, and alternates', () => {
    const all = network(
      { [SIX]: SILENT, [SIX_B]: SILENT, [FOUR]: SILENT, [FOUR_B]: within(1) },
      { order: [FOUR, FOUR_B, SIX, SIX_B] },
    );
    expect(node20.run(all).attempts.map(({ address }) => address)).toEqual([FOUR, SIX, FOUR_B]);
  });

  it('tries an address once', () => {
    const twice = { AAAA: { at: 0, addresses: [SIX, SIX] }, A: { at: 0, addresses: [FOUR] } };
    expect(node20.run({ answers: twice, fates: {} }).attempts.map(({ address }) => address)).toEqual([SIX, FOUR]);
  });

  it.each([
    ['ENOTFOUND', 'ENODATA', 'ENOTFOUND'],
    ['ESERVFAIL', 'ENODATA', 'EAI_AGAIN'],
  ])('ends with the error of getaddrinfo where there is no address: %s and %s', (six, four, code) => {
    const answers = { AAAA: { at: 7, addresses: [], code: six }, A: { at: 9, addresses: [], code: four } };
    expect(told(node20.run({ host: 'name.example', answers, fates: {} }))).toEqual({
      attempts: [],
      endedAt: 9,
      error: `Error ${code} getaddrinfo ${code} name.example`,
    });
  });

  it('hangs where TLS stalls, and fails where it fails: the choice is made by TCP', () => {
    const stalled = network({ [SIX]: { type: 'connects', after: 5, tls: { type: 'stalls' } }, [FOUR]: within(1) });
    expect(told(node20.run(stalled))).toEqual({ attempts: [`${SIX} 0–Infinity open`], endedAt: Infinity });
    const failing = network({
      [SIX]: { type: 'connects', after: 5, tls: { type: 'fails', after: 8, code: 'CERT_HAS_EXPIRED' } },
      [FOUR]: within(1),
    });
    expect(told(node20.run(failing))).toEqual({
      attempts: [`${SIX} 0–13 failed CERT_HAS_EXPIRED`],
      endedAt: 13,
      error: 'Error CERT_HAS_EXPIRED CERT_HAS_EXPIRED',
    });
  });

  it('does not count a handshake against the timeout of its attempt', () => {
    const late = network({
      [SIX]: { type: 'connects', after: 200, tls: { type: 'completes', after: 400 } },
      [FOUR]: within(1),
    });
    const { winner, endedAt } = node20.run(late);
    expect({ winner, endedAt }).toEqual({
      winner: { address: SIX, family: 6, startedAt: 0, progressedAt: 200, endedAt: 600, outcome: 'connected' },
      endedAt: 600,
    });
  });

  it('is certain of what an unknown fate cannot change', () => {
    const watched = (during: number) => network({ [SIX]: { type: 'unknown', during }, [FOUR]: within(30) });
    expect(node20.run(watched(280))).toMatchObject({ endedAt: 280, certain: true });
    expect(node26.run(watched(280))).toMatchObject({ endedAt: 530, certain: false });
  });

  it('has the system’s timeout as an option', () => {
    const patient = nodeAlone('Node 20 on a quick system', { attemptTimeout: 250, systemTimeout: 3000 });
    expect(patient.run(network({ [FOUR]: SILENT }))).toMatchObject({
      endedAt: 3000,
      error: { code: 'ETIMEDOUT', message: 'connect ETIMEDOUT 192.0.2.1:443' },
    });
  });
});
