import { lessons } from '../../src/core/race/path-records.js';
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

  it('[S7] is one failure, whoever wins', () => {
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
