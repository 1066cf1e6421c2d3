/* global jest */
const { once } = require('node:events');
const { describe, expect, it } = require('@jest/globals');
const { connect, connect$ } = require('rx-happy-eyeballs');
const { connects, expectAttempts, expectRace, explore, hangs, refuses, virtualNetwork } = require('rx-happy-eyeballs/testing');
const { read$ } = require('./client.cjs');

const six = '2001:db8::1';
const four = '192.0.2.1';
const lines = (socket) => socket.on('data', (key) => socket.write(`value of ${key}`));

describe('our client, tested by jest in CommonJS', () => {
  it('falls back within 300 ms when IPv6 is dead', async () => {
    const network = virtualNetwork({ dns: [six, four], endpoints: { [six]: hangs(), [four]: connects(40, lines) } });
    const report = await network.settle(read$('db.example', 'size', network));
    expect(report).toMatchObject({ values: ['value of size'], winner: four, leaks: [] });
    expect(report.finish).toBeLessThanOrEqual(300);
  });

  it('tries again', async () => {
    const flaky = (attempt) => (attempt === 1 ? refuses(5) : connects(7, lines));
    const network = virtualNetwork({ dns: [six], endpoints: { [six]: flaky } });
    expect(await network.settle(read$('db.example', 'size', network))).toMatchObject({ value: 'value of size', finish: 12 });
    expectAttempts(network, { [six]: ['^----!', '-----^------!'] });
  });

  it('runs beside fake timers', async () => {
    jest.useFakeTimers();
    const network = virtualNetwork({ dns: [six], endpoints: { [six]: connects(10, lines) } });
    expect(await network.settle(read$('db.example', 'size', network))).toMatchObject({ value: 'value of size', finish: 10 });
    const closes = async () => once((await connect('db.example', 4000, network)).destroy(), 'close');
    expect(await network.settle(closes)).toMatchObject({ value: [false], leaks: [] });
    jest.useRealTimers();
  });

  it('is told in a drawing what was otherwise', () => {
    const table = {
      rows: [
        [six, 600, 'connects'],
        [four, 40, 'connects'],
      ],
      starts: { [six]: 0, [four]: 100 },
    };
    expect(() => expectRace(connect$, table)).toThrow(/192\.0\.2\.1 .* at 250 ms +at 100 ms +◄/);
  });

  it('stands every network', async () => {
    const program = (network) =>
      new Promise((resolve) => read$('db.example', 'size', network).subscribe({ error: resolve, complete: resolve }));
    expect(await explore(program, { runs: 300, serve: lines })).toEqual({ seed: 1, runs: 300 });
  });
});
