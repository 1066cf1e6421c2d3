import net, { Socket } from 'node:net';
import type { ConnectTarget } from '../../src/stand-in/connect-arguments.js';
import { isRegistered, registering, type Races } from '../../src/stand-in/patch.js';

const KEY = Symbol.for('rx-happy-eyeballs.registration');
const { connect: original } = Socket.prototype;

/** What is called in place of Node's `connect`. */
const natively = jest.fn(function (this: Socket, ..._: unknown[]) {
  return this;
});

const raced = new Socket();
const filters = { filter: () => true };
const endLookups = jest.fn();
const races = {
  racing: jest.fn<object, [options: unknown]>(() => ({})),
  plainRacing: jest.fn(),
  connectByRace: jest.fn<Socket, [create: (changed: ConnectTarget) => unknown, to: ConnectTarget, racing: unknown]>(() => raced),
  connectFiltered: jest.fn<Socket, unknown[]>(() => raced),
  hasConnection: jest.fn<boolean, [socket: Socket]>(() => false),
  rankLookups: jest.fn<() => void, unknown[]>(() => endLookups),
};
const register = registering(races as unknown as Races) as (options?: unknown) => () => void;

beforeEach(() => {
  for (const mock of [...Object.values(races), natively, endLookups]) mock.mockClear();
  races.racing.mockReturnValue({});
  races.hasConnection.mockReturnValue(false);
  Socket.prototype.connect = natively;
});
afterEach(() => {
  Socket.prototype.connect = original;
  Reflect.deleteProperty(Socket, KEY);
});

const connect = (...given: unknown[]) => {
  const socket = new Socket();
  return { socket, result: (socket.connect as (...given: unknown[]) => Socket)(...given) };
};
const TO = { host: 'raced.example', port: 80 };

describe('a registration', () => {
  it('lets a socket that connects to a name be raced for, and Node connect it', () => {
    register();
    const listener = () => undefined;
    const { socket, result } = connect(TO, listener);
    expect(result).toBe(raced);
    const [create, destination, racing] = races.connectByRace.mock.calls[0]!;
    expect(destination).toEqual(TO);
    expect(racing).toBe(races.racing.mock.results[0]!.value);
    expect(natively).not.toHaveBeenCalled();
    expect(create({ host: 'changed' })).toBe(socket);
    expect(natively.mock.calls).toEqual([[{ host: 'changed' }, listener]]);
    expect(natively.mock.contexts[0]).toBe(socket);
  });

  it.each<readonly [what: string, given: readonly unknown[]]>([
    ['an address', [{ host: '127.0.0.1', port: 80 }]],
    ['a path', ['/run/socket']],
  ])('leaves %s to Node', (_what, given) => {
    register({ sort: 'none' });
    const { socket, result } = connect(...given);
    expect(result).toBe(socket);
    expect(natively.mock.calls).toEqual([given]);
    expect(races.connectByRace).not.toHaveBeenCalled();
  });

  it('leaves a socket to Node that has a connection', () => {
    register();
    races.hasConnection.mockReturnValue(true);
    const { socket, result } = connect(TO);
    expect(races.hasConnection.mock.calls).toEqual([[socket]]);
    expect(result).toBe(socket);
    expect(natively.mock.calls).toEqual([[TO]]);
    expect(races.racing).not.toHaveBeenCalled();
  });

  it('[F3] with filters leaves nothing to Node', () => {
    races.racing.mockReturnValue({ filters });
    register(filters);
    const address = { host: '127.0.0.1', port: 80 };
    expect(connect(address).result).toBe(raced);
    expect(races.connectByRace.mock.calls[0]![1]).toEqual(address);
    races.hasConnection.mockReturnValue(true);
    expect(connect(address).result).toBe(raced);
    expect(races.connectFiltered.mock.calls).toEqual([[expect.any(Function), address, filters]]);
    expect(natively).not.toHaveBeenCalled();
  });

  it.each([undefined, {}])('without options costs nothing until a socket connects to a name: %p', (options) => {
    register(options);
    expect(races.racing).not.toHaveBeenCalled();
    connect(TO);
    connect(TO);
    expect(races.racing.mock.calls).toEqual([[{}]]);
  });

  it.each([null, 7, [], 'x', Object.assign(() => undefined, { lookups: true }), { sort: 'none' }, { [Symbol('x')]: 1 }])(
    'checks its options: %p',
    (options) => {
      register(options);
      expect(races.racing.mock.calls).toEqual([[options]]);
      connect(TO);
      expect(races.racing).toHaveBeenCalledTimes(1);
    },
  );

  it('leaves everything as it was if an option is invalid', () => {
    const fail = () => {
      throw new TypeError('no');
    };
    races.racing.mockImplementationOnce(fail);
    expect(() => register({ sort: 1 })).toThrow('no');
    races.rankLookups.mockImplementationOnce(fail);
    expect(() => register({ lookups: 1 })).toThrow('no');
    expect(Socket.prototype.connect).toBe(natively);
    expect(isRegistered()).toBe(false);
  });

  it.each<readonly [options: object, ranked: readonly unknown[]]>([
    [{ lookups: true }, [[true, {}]]],
    [{ lookups: 'x', sort: 'none' }, [['x', { sort: 'none' }]]],
    [{ lookups: null }, [[null, {}]]],
    [{ lookups: false }, []],
    [{ lookups: undefined }, []],
    [{ sort: 'none' }, []],
  ])('has look-ups ranked if wanted: %j', (options, ranked) => {
    register(options);
    expect(races.rankLookups.mock.calls).toEqual(ranked);
    const others = Object.fromEntries(Object.entries(options).filter(([name]) => name !== 'lookups'));
    connect(TO);
    expect(races.racing.mock.calls).toEqual([[others]]);
  });

  it('is replaced by another, whose end is that of both', () => {
    const first = register({ lookups: true, sort: 'none' });
    const { connect: patched } = Socket.prototype;
    expect(patched).not.toBe(natively);
    const second = register({ sort: 'rfc6724' });
    expect(endLookups).toHaveBeenCalledTimes(1);
    expect(Socket.prototype.connect).toBe(patched);
    first();
    expect(endLookups).toHaveBeenCalledTimes(1);
    expect(isRegistered()).toBe(true);
    connect(TO);
    expect(races.connectByRace.mock.calls[0]![2]).toBe(races.racing.mock.results[1]!.value);
    second();
    expect(isRegistered()).toBe(false);
    expect(Socket.prototype.connect).toBe(natively);
    expect(Object.hasOwn(Socket, KEY)).toBe(false);
  });

  it('ends its look-ups with itself, once', () => {
    const end = register({ lookups: true });
    expect(endLookups).not.toHaveBeenCalled();
    end();
    end();
    expect(endLookups).toHaveBeenCalledTimes(1);
    register();
    expect(endLookups).toHaveBeenCalledTimes(1);
  });

  it('is put in place again if someone has restored what was there', () => {
    register();
    const { connect: patched } = Socket.prototype;
    Socket.prototype.connect = natively;
    register();
    expect(Socket.prototype.connect).toBe(patched);
  });

  it('leaves what wraps it in place, which calls Node’s own from then on', () => {
    const end = register();
    const { connect: patched } = Socket.prototype;
    const wrapper = function (this: Socket, ...given: unknown[]) {
      return Reflect.apply(patched, this, given) as Socket;
    };
    Socket.prototype.connect = wrapper;
    end();
    expect(Socket.prototype.connect).toBe(wrapper);
    expect(isRegistered()).toBe(false);
    const { socket, result } = connect(TO);
    expect(result).toBe(socket);
    expect(natively.mock.calls).toEqual([[TO]]);
    register();
    expect(Socket.prototype.connect).toBe(wrapper);
    expect(connect(TO).result).toBe(raced);
  });
});

it('nothing is registered at first', () => {
  expect(isRegistered()).toBe(false);
  expect(net.Socket.prototype.connect).toBe(natively);
});
