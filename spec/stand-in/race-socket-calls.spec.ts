import { Socket } from 'node:net';
import { createConnector } from '../../src/index.js';
import { RaceSocket } from '../../src/stand-in/race-socket.js';
import { races } from '../../src/stand-in/races.js';

const HERE = { host: '127.0.0.1', port: 80 };
const filters = { filter: () => true };

/** The code of races, and Node's own, without any effect. */
function stubs(racing: object, isConnected: boolean) {
  const plainRacing = jest.spyOn(races as { plainRacing: unknown } as { plainRacing: () => object }, 'plainRacing');
  plainRacing.mockReturnValue(racing);
  const own = races as unknown as Record<'hasConnection' | 'connectByRace' | 'connectFiltered', (...given: unknown[]) => unknown>;
  return {
    plainRacing,
    hasConnection: jest.spyOn(own, 'hasConnection').mockReturnValue(isConnected),
    connectByRace: jest.spyOn(own, 'connectByRace').mockReturnValue('raced'),
    connectFiltered: jest.spyOn(own, 'connectFiltered').mockReturnValue('filtered'),
    natively: jest.spyOn(Socket.prototype, 'connect').mockReturnValue('native' as never),
  };
}
afterEach(() => {
  jest.restoreAllMocks();
});

describe('RaceSocket', () => {
  it('has the options of a socket, and those of its race', () => {
    const { plainRacing } = stubs({}, false);
    const [race, connector] = [{ sort: 'none' } as const, createConnector()];
    expect(new RaceSocket({ allowHalfOpen: true, race, connector }).allowHalfOpen).toBe(true);
    expect(new RaceSocket().allowHalfOpen).toBe(false);
    expect(plainRacing.mock.calls).toEqual([
      [{ allowHalfOpen: true }, race, connector],
      [{}, undefined, undefined],
    ]);
  });

  it('is connected by a race, and by Node with what the race has changed', () => {
    const racing = {};
    const { connectByRace, natively, hasConnection } = stubs(racing, false);
    const [socket, listener] = [new RaceSocket(), () => undefined];
    expect(socket.connect(HERE, listener)).toBe('raced');
    expect(hasConnection.mock.calls).toEqual([[socket]]);
    const [create, destination, given] = connectByRace.mock.calls[0] as [(changed: object) => unknown, object, object];
    expect(destination).toEqual(HERE);
    expect(given).toBe(racing);
    expect(natively).not.toHaveBeenCalled();
    expect(create({ port: 1 })).toBe('native');
    expect(natively.mock.calls).toEqual([[{ port: 1 }, listener]]);
    expect(natively.mock.contexts).toEqual([socket]);
  });

  it('that has a connection is left to Node', () => {
    const { connectByRace, connectFiltered, natively } = stubs({}, true);
    const listener = () => undefined;
    expect(new RaceSocket().connect(80, 'h.example', listener)).toBe('native');
    expect(natively.mock.calls).toEqual([[80, 'h.example', listener]]);
    expect([...connectByRace.mock.calls, ...connectFiltered.mock.calls]).toEqual([]);
  });

  it('[F3] that has a connection is filtered all the same', () => {
    const { connectByRace, connectFiltered, natively } = stubs({ filters }, true);
    const listener = () => undefined;
    expect(new RaceSocket().connect(HERE, listener)).toBe('filtered');
    const [create, destination, given] = connectFiltered.mock.calls[0] as [(changed: object) => unknown, object, object];
    expect(destination).toEqual(HERE);
    expect(given).toBe(filters);
    create({ port: 1 });
    expect(natively.mock.calls).toEqual([[{ port: 1 }, listener]]);
    expect(connectByRace).not.toHaveBeenCalled();
  });

  it('[F3] with filters is raced for as others are', () => {
    const { connectByRace } = stubs({ filters }, false);
    expect(new RaceSocket().connect(HERE)).toBe('raced');
    expect(connectByRace).toHaveBeenCalledTimes(1);
  });
});
