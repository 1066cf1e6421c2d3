import { codedError } from '../../src/core/error-tools.js';
import type { Endpoint } from '../../src/core/race/endpoint.js';
import type { RaceEvent } from '../../src/core/race/events.js';
import { observedNetwork } from '../../src/models/observed-network.js';

const SIX: Endpoint = { address: '2001:db8::1', family: 6, port: 443 };
const FOUR: Endpoint = { address: '192.0.2.1', family: 4, port: 443 };
const DESTINATION = { host: 'name.example', port: 443 };

const answered = (type: 'AAAA' | 'A', at: number, addresses: readonly string[], code?: string): RaceEvent => ({
  type: 'answered',
  at,
  answer: { type, addresses, ...(code !== undefined && { error: codedError(code, code) }) },
});
const started = (endpoint: Endpoint, at: number): RaceEvent => ({ type: 'started', at, endpoint });
const observed = (...events: readonly RaceEvent[]) => observedNetwork(events, DESTINATION);

describe('the network that a race has seen', () => {
  it('has its answers with their times, and negative ones with their codes', () => {
    expect(observed(answered('A', 12, [FOUR.address]), answered('AAAA', 30, [], 'ENODATA')).answers).toEqual({
      A: { at: 12, addresses: [FOUR.address] },
      AAAA: { at: 30, addresses: [], code: 'ENODATA' },
    });
  });

  it('never answers what was not answered, unless the resolver had finished', () => {
    expect(observed(answered('AAAA', 5, [SIX.address])).answers.A).toEqual({ at: Infinity, addresses: [] });
    expect(observed(answered('AAAA', 5, [SIX.address]), { type: 'resolved', at: 6 }).answers.A).toEqual({ at: 0, addresses: [] });
  });

  it('counts the time of an answer from its question', () => {
    const late: RaceEvent = { type: 'answered', at: 500, askedAt: 480, answer: { type: 'A', addresses: [] } };
    expect(observed(late).answers.A).toMatchObject({ at: 20 });
  });

  it('has the addresses that were tried where nothing was asked', () => {
    expect(observed(started(SIX, 0), { type: 'connected', at: 9, endpoint: SIX, value: null })).toEqual({
      ...DESTINATION,
      answers: { AAAA: { at: 0, addresses: [SIX.address] }, A: { at: 0, addresses: [] } },
      fates: { [SIX.address]: { type: 'connects', after: 9 } },
    });
  });

  it.each<[string, readonly RaceEvent[], object]>([
    ['connected', [{ type: 'connected', at: 110, endpoint: SIX, value: null }], { type: 'connects', after: 100 }],
    [
      'failed',
      [{ type: 'failed', at: 13, endpoint: SIX, error: codedError('ECONNREFUSED', 'refused') }],
      { type: 'fails', after: 3, code: 'ECONNREFUSED' },
    ],
    ['cancelled', [{ type: 'cancelled', at: 310, endpoint: SIX }], { type: 'unknown', during: 300 }],
    [
      'connected after its handshake',
      [
        { type: 'progressed', at: 30, endpoint: SIX, stage: 'tls', after: 20 },
        { type: 'connected', at: 90, endpoint: SIX, value: null },
      ],
      { type: 'connects', after: 20, tls: { type: 'completes', after: 60 } },
    ],
    [
      'cancelled in its handshake',
      [
        { type: 'progressed', at: 30, endpoint: SIX, stage: 'tls', after: 20 },
        { type: 'cancelled', at: 130, endpoint: SIX },
      ],
      { type: 'connects', after: 20, tls: { type: 'unknown', during: 100 } },
    ],
    [
      'failed in its handshake',
      [
        { type: 'progressed', at: 30, endpoint: SIX, stage: 'tls', after: 20 },
        { type: 'failed', at: 35, endpoint: SIX, error: codedError('CERT_HAS_EXPIRED', 'expired') },
      ],
      { type: 'connects', after: 20, tls: { type: 'fails', after: 5, code: 'CERT_HAS_EXPIRED' } },
    ],
    [
      'blocked',
      [{ type: 'failed', at: 10, endpoint: SIX, error: codedError('ERR_IP_BLOCKED', 'blocked') }],
      { type: 'unknown', during: 0 },
    ],
  ])('has the fate of an attempt that was %s', (_, ending, fate) => {
    expect(observed(started(SIX, 10), ...ending).fates[SIX.address]).toEqual(fate);
  });

  it('knows nothing of addresses that were not tried', () => {
    const { fates } = observed(answered('AAAA', 0, [SIX.address]), answered('A', 0, [FOUR.address]), started(SIX, 0));
    expect(fates).toEqual({ [SIX.address]: { type: 'unknown', during: 0 }, [FOUR.address]: { type: 'unknown', during: 0 } });
  });

  it('has no route to IPv4 where the race went by way of NAT64', () => {
    const via = { ...FOUR, via: '64:ff9b::192.0.2.1' };
    const { fates } = observed(started(via, 0), { type: 'connected', at: 40, endpoint: via, value: null });
    expect(fates).toEqual({ [FOUR.address]: { type: 'fails', after: 0, code: 'ENETUNREACH' } });
  });

  it('leaves out what other clients do not try: other ports of service records, and QUIC', () => {
    const elsewhere = { ...SIX, port: 8443 };
    const quic = { ...SIX, protocol: 'quic' as const };
    const { fates } = observed(started(elsewhere, 0), started(quic, 0), { type: 'cancelled', at: 10, endpoint: quic });
    expect(fates).toEqual({});
  });
});
