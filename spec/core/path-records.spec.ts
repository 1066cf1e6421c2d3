import { failed, failuresLast, lessons, retransmissionTimeout, succeeded } from '../../src/core/race/path-records.js';
import type { Endpoint, RaceEvent } from '../../src/index.js';

const one: Endpoint = { address: '2001:db8::1', family: 6, port: 443 };
const two: Endpoint = { address: '192.0.2.1', family: 4, port: 443 };
const systemError = (code: string, syscall?: string) => Object.assign(new Error(code), { code, ...(syscall && { syscall }) });

describe('what a race teaches of an attempt that failed', () => {
  const learnt = (error: Error) =>
    lessons([
      { type: 'started', at: 0, endpoint: one },
      { type: 'failed', at: 1, endpoint: one, error },
    ]).map(({ outcome }) => outcome);

  it.each([
    ['EACCES', 'bind'], // a privileged port
    ['EADDRINUSE', 'bind'],
    ['EADDRNOTAVAIL', 'bind'],
    ['EINVAL', 'bind'],
    ['EADDRNOTAVAIL', 'connect'], // no port is left, or no address to connect from
    ['EADDRINUSE', 'connect'],
    ['EADDRNOTAVAIL', undefined],
    ['EPERM', 'connect'], // this machine's own firewall: a router's answer never has this code
    ['EMFILE', 'socket'],
    ['ENFILE', 'connect'],
    ['ENOBUFS', 'connect'],
    ['ENOMEM', 'connect'],
    ['EAFNOSUPPORT', 'connect'],
    ['EPROTONOSUPPORT', 'socket'],
    ['ERR_IP_BLOCKED', undefined],
  ])('[S7] is nothing, when this machine is the reason: %s of %s', (code, syscall) => {
    expect(learnt(systemError(code, syscall))).toEqual([]);
  });

  it.each([
    ['EACCES', 'connect'], // "administratively prohibited", by ICMPv6
    ['ECONNREFUSED', 'connect'],
    ['EHOSTUNREACH', 'connect'],
    ['ENETUNREACH', 'connect'],
    ['ETIMEDOUT', 'connect'],
    ['ECONNRESET', 'read'],
    ['EPROTO', undefined],
  ])('[S7] is a failure, when the path is the reason: %s of %s', (code, syscall) => {
    expect(learnt(systemError(code, syscall))).toEqual(['failed']);
  });
});

describe('what a race teaches of an attempt that gave way', () => {
  const gaveWay: RaceEvent = { type: 'cancelled', at: 2000, endpoint: one, error: systemError('ETIMEDOUT') };
  const events: RaceEvent[] = [{ type: 'started', at: 0, endpoint: one }, gaveWay, { type: 'started', at: 2000, endpoint: two }];

  it('[S7] is one failure, whichever attempt wins', () => {
    const won: RaceEvent = { type: 'connected', at: 2020, endpoint: two, value: undefined };
    expect(lessons([...events, won])).toEqual([
      { endpoint: one, outcome: 'failed' },
      { endpoint: two, outcome: 'succeeded', rtt: 20 },
    ]);
  });

  it('[S7] is one failure, when the time is over', () => {
    expect(lessons([...events, { type: 'cancelled', at: 5000, endpoint: two }])).toEqual([
      { endpoint: one, outcome: 'failed' },
      { endpoint: two, outcome: 'failed' },
    ]);
  });
});

describe('what a race teaches of its winner', () => {
  const won = (...between: RaceEvent[]) =>
    lessons([
      { type: 'started', at: 5, endpoint: one },
      ...between,
      { type: 'connected', at: 105, endpoint: one, value: undefined },
    ]);

  it('[S2] is the time from its start to its connection', () => {
    expect(won()).toEqual([{ endpoint: one, outcome: 'succeeded', rtt: 100 }]);
  });

  it('[S2] is the time of TCP alone, the first of its stages, and not that of another attempt', () => {
    const progressed = (endpoint: Endpoint, stage: string, after: number) =>
      ({ type: 'progressed', at: 5 + after, endpoint, stage, after }) as RaceEvent;
    const events = [progressed(two, 'tls', 7), progressed(one, 'tls', 20), progressed(one, 'setup', 80)];
    expect(won(...events)).toEqual([{ endpoint: one, outcome: 'succeeded', rtt: 20 }]);
  });

  it.each([
    ['before it', 4, ['failed', 'succeeded']],
    ['in the same instant', 5, ['succeeded']],
    ['after it', 6, ['succeeded']],
  ])('[S7] is a failure of what was in flight and started %s', (_, at, outcomes) => {
    const events: RaceEvent[] = [
      { type: 'started', at, endpoint: two },
      { type: 'cancelled', at: 105, endpoint: two },
    ];
    expect(won(...events).map(({ outcome }) => outcome)).toEqual(outcomes);
  });
});

describe('a record', () => {
  it('[S2] begins with the first round trip, and is smoothed from then on: RFC 6298 section 2', () => {
    const first = succeeded({}, 100, 1);
    expect(first).toEqual({ smoothedRtt: 100, rttVariation: 50, usedAt: 1 });
    expect(succeeded(first, 20, 2)).toEqual({ smoothedRtt: 90, rttVariation: 57.5, usedAt: 2 });
    expect(succeeded({ smoothedRtt: 10 }, 18, 3)).toEqual({ smoothedRtt: 11, rttVariation: 2, usedAt: 3 });
  });

  it('[S2] takes no time in which a packet was sent again for a round trip', () => {
    expect(succeeded({}, 999, 1)).toMatchObject({ smoothedRtt: 999 });
    expect(succeeded({}, 1000, 1)).toEqual({ usedAt: 1 });
    expect(succeeded({ smoothedRtt: 10, failedAt: 0 }, 1000, 1)).toEqual({ smoothedRtt: 10, rttVariation: 0, usedAt: 1 });
  });

  it('[S7] has the last failure until a connection comes about', () => {
    const known = { smoothedRtt: 10, rttVariation: 1, usedAt: 1 };
    expect(failed(known, 5)).toEqual({ ...known, failedAt: 5 });
    expect(succeeded(failed(known, 5), 10, 6)).not.toHaveProperty('failedAt');
  });

  it('[A4] says when the first packet would be sent again: the mean and four times its variation', () => {
    expect(retransmissionTimeout({ smoothedRtt: 100, rttVariation: 5 })).toBe(120);
    expect(retransmissionTimeout({ smoothedRtt: 100 })).toBe(100);
    expect(retransmissionTimeout({ rttVariation: 5 })).toBeUndefined();
  });
});

describe('the order of addresses of which some have failed', () => {
  const three: Endpoint = { address: '192.0.2.3', family: 4, port: 443 };
  const failedAddresses = (...failures: Endpoint[]) => ({
    recall: ({ address }: { address: string }) => (failures.some((one) => one.address === address) ? { failedAt: 1 } : undefined),
    failedLately: ({ failedAt }: { failedAt?: number }) => failedAt !== undefined,
  });

  it('[S7] has these last, and both parts as they were', () => {
    expect(failuresLast([one, two, three], failedAddresses(one))).toEqual([two, three, one]);
    expect(failuresLast([one, two, three], failedAddresses(three, one))).toEqual([two, one, three]);
    expect(failuresLast([one, two], failedAddresses(one, two))).toEqual([one, two]);
  });

  it('is the one given where there is nothing to change', () => {
    const all = [one, two];
    expect(failuresLast(all, failedAddresses(three))).toBe(all);
    expect(failuresLast([one], failedAddresses(one))).toEqual([one]);
    expect(failuresLast([], failedAddresses(one))).toEqual([]);
  });
});
