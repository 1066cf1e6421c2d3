import { once } from 'node:events';

/** The kit as a spec has it whose timers are all faked before it is there. */
const kitBesideFakes = async () => {
  jest.resetModules();
  jest.useFakeTimers();
  const { connect } = await import('../../src/index.js');
  return { connect, ...(await import('../../src/testing/index.js')) };
};

afterEach(() => {
  jest.useRealTimers();
});

it('a fake that was there before is reported, where promises would never settle', async () => {
  jest.resetModules();
  jest.doMock('node:timers', () => ({ setImmediate: Object.assign(() => undefined, { clock: {} }) }));
  const { virtualNetwork } = await import('../../src/testing/index.js');
  jest.dontMock('node:timers');
  await expect(virtualNetwork().settle(() => 5)).rejects.toThrow('import rx-happy-eyeballs/testing before fake timers');
  await expect(virtualNetwork().elapse(5)).rejects.toThrow('import rx-happy-eyeballs/testing before fake timers');
});

it('time passes beside fake timers, for promises and for sockets', async () => {
  const { connect, connects, virtualNetwork } = await kitBesideFakes();
  const network = virtualNetwork({ endpoints: { '192.0.2.1': connects(10, (server) => server.end('bye')) } });
  const report = await network.settle(async () => {
    const socket = await connect('192.0.2.1', 443, network);
    socket.resume();
    const [hadError] = (await once(socket, 'close')) as [boolean];
    return hadError;
  });
  expect(report).toMatchObject({ value: false, finish: 10, leaks: [] });
});
