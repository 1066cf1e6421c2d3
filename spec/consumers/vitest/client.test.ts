import { once } from 'node:events';
import type { Socket } from 'node:net';
import { map } from 'rxjs';
import { TestScheduler } from 'rxjs/testing';
import { connect, connect$ } from 'rx-happy-eyeballs';
import {
  assertMarbles,
  connects,
  explore,
  ExplorationError,
  hangs,
  virtualNetwork,
  type VirtualNetwork,
} from 'rx-happy-eyeballs/testing';
import { describe, expect, it, vi } from 'vitest';
import { read } from './client.js';

const six = '2001:db8::1';
const four = '192.0.2.1';
const lines = (socket: Socket) => {
  socket.on('data', (key) => socket.write(`value of ${key.toString()}`));
};

describe('our client in TypeScript, tested by vitest', () => {
  it('runs beside fake timers', async () => {
    vi.useFakeTimers();
    const network = virtualNetwork({ dns: [six], endpoints: { [six]: connects(10, lines) } });
    expect(await network.settle(read('db.example', 'size', network))).toMatchObject({ value: 'value of size', finish: 10 });
    const closes = async () => once((await connect('db.example', 4000, network)).destroy(), 'close');
    expect(await network.settle(closes)).toMatchObject({ value: [false], leaks: [] });
    vi.useRealTimers();
  });

  it('falls back within 300 ms when IPv6 is dead', async () => {
    const network = virtualNetwork({ dns: [six, four], endpoints: { [six]: hangs(), [four]: connects(40, lines) } });
    const report = await network.settle(read('db.example', 'size', network));
    expect(report).toMatchObject({ value: 'value of size', winner: four, leaks: [] });
    expect(report.finish).toBeLessThanOrEqual(300);
  });

  it('races in marbles', () => {
    const scheduler = new TestScheduler(assertMarbles);
    scheduler.run(({ expectObservable, expectSubscriptions }) => {
      const network = virtualNetwork({ scheduler, dns: [six, four], endpoints: { [six]: '---', [four]: '---c' } });
      const race$ = connect$('db.example', 4000, { ...network, connectionAttemptDelay: 10 });
      expectObservable(race$.pipe(map(({ remoteAddress }) => remoteAddress))).toBe('-------------(a|)', { a: four });
      expectSubscriptions(network.subscriptions(six)).toBe('^------------!');
    });
  });

  it('stands every network', async () => {
    const program = (network: VirtualNetwork) => read('db.example', 'size', network).catch(() => undefined);
    expect(await explore(program, { runs: 300, serve: lines })).toEqual({ seed: 1, runs: 300 });
  });

  it('is told of a network that it cannot stand', async () => {
    const error: unknown = await explore((network) => read('db.example', 'size', network)).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(ExplorationError);
    expect((error as ExplorationError).code).toMatch(/^virtualNetwork\(\{/);
  });
});
