import net from 'node:net';
import tls from 'node:tls';
import { HandleCalls } from '../../src/stand-in/handle-calls.js';
import { handleOf, isUnreferenced, passOn, replaceMethod, seemConnecting, type Handle } from '../../src/stand-in/handle.js';
import { errnoOf } from '../../src/stand-in/system-error.js';
import { HOST, keep } from '../support/tls-clients.js';

const NOWHERE = { host: HOST, port: 1, lookup: () => undefined };
const waiting = () => keep(net.connect(NOWHERE));
const secureWaiting = () => keep(tls.connect(NOWHERE));

describe('a socket', () => {
  it('has a handle while it is connecting', () => {
    expect(handleOf(new net.Socket())).toBeNull();
    expect(handleOf(waiting())).toHaveProperty('connect');
  });

  it.each<[boolean, string, () => net.Socket]>([
    [false, 'is connecting', waiting],
    [true, 'is connecting and unreferenced', () => waiting().unref()],
    [false, 'is connecting and referenced again', () => waiting().unref().ref()],
    [false, 'is connecting with TLS', secureWaiting],
    [true, 'is connecting with TLS and unreferenced', () => secureWaiting().unref()],
    [false, 'has no handle', () => new net.Socket()],
    [false, 'has a handle that does not say so', () => ({ _handle: {} }) as unknown as net.Socket],
  ])('does not hold the process: %p where it %s', (expected, _what, create) => {
    expect(isUnreferenced(create())).toBe(expected);
  });
});

describe('a method of a handle', () => {
  const create = () => {
    const connect = jest.fn(() => 0);
    return { connect, handle: { connect, connect6: connect } as unknown as Handle };
  };

  it('is replaced by another, which knows it, until it is restored by either', () => {
    const { connect, handle } = create();
    const other = () => 1;
    let known: unknown;
    let restore!: () => void;
    const replace = () =>
      replaceMethod(handle, 'connect', (original, restored) => {
        [known, restore] = [original, restored];
        return other;
      });
    const restored = replace();
    expect([handle.connect, known, handle.connect6]).toEqual([other, connect, connect]);
    restored();
    expect(handle.connect).toBe(connect);
    replace();
    restore();
    expect(handle.connect).toBe(connect);
  });

  it('says that it is connecting already, if it must seem so', () => {
    const { connect, handle } = create();
    seemConnecting(handle);
    for (const method of ['connect', 'connect6'] as const)
      expect(handle[method](undefined as never, '::1', 1)).toBe(errnoOf('EALREADY'));
    expect(connect).not.toHaveBeenCalled();
  });
});

describe('a handle that was replaced', () => {
  const create = (changed: object = {}) => {
    const to = {
      ...{ readStop: jest.fn(() => 'readStop'), ref: jest.fn(() => 'ref'), unref: jest.fn(() => 'unref') },
      ...{ hasRef: jest.fn(() => 'hasRef'), close: jest.fn(), readStart: jest.fn(() => -1), reading: false },
      ...changed,
    };
    const from = {} as Record<string, (...given: unknown[]) => unknown>;
    passOn(from, to);
    return { from, to };
  };

  it.each(['readStop', 'ref', 'unref', 'hasRef'])('passes %s on', (name) => {
    expect(create().from[name]!()).toBe(name);
    expect(create({ [name]: undefined }).from[name]!()).toBeUndefined();
  });

  it('passes on that it is closed', () => {
    const { from, to } = create();
    const closed = () => undefined;
    from.close!(closed);
    expect(to.close.mock.calls).toEqual([[closed]]);
  });

  it('begins to read, once', () => {
    const { from, to } = create();
    expect(from.readStart!()).toBe(-1);
    expect(to.reading).toBe(true);
    expect(from.readStart!()).toBe(0);
    expect(to.readStart).toHaveBeenCalledTimes(1);
  });
});

describe('the calls on a handle', () => {
  const NAMES = ['setServername', 'setSession', 'setMaxSendFragment', 'setVerifyMode', 'setKeyCert'];
  const ALL = [...NAMES, 'enableTrace', 'enableKeylogCallback', 'enableSessionCallbacks'];
  const create = (names: readonly string[] = ALL) => {
    const methods = Object.fromEntries(names.map((name) => [name, jest.fn<string, unknown[]>(() => `${name} done`)]));
    return { methods, handle: { ...methods } as Record<string, (...given: unknown[]) => unknown> };
  };
  /** The methods that are looked for when calls are repeated. */
  const namesAsked = (calls: HandleCalls) => {
    const names: unknown[] = [];
    calls.repeat(new Proxy({}, { get: (_, name) => void names.push(name) }));
    return names;
  };
  const socketWith = (handle: object | null) => ({ _handle: handle }) as unknown as net.Socket;

  it('are made as before, and repeated in order on another handle that has them', () => {
    const { methods, handle } = create();
    const calls = new HandleCalls();
    calls.listen(socketWith(handle));
    for (const [index, name] of ALL.entries()) expect(handle[name]!(index, name)).toBe(`${name} done`);
    for (const [index, name] of ALL.entries()) {
      expect(methods[name]!.mock.calls).toEqual([[index, name]]);
      expect(methods[name]!.mock.contexts).toEqual([handle]);
    }
    const order: unknown[] = [];
    const others = ALL.slice(1).map((name) => [name, (...given: unknown[]) => order.push([name, ...given])]);
    calls.repeat(Object.fromEntries(others) as object);
    expect(order).toEqual(ALL.map((name, index) => [name, index, name]).slice(1));
  });

  it('are not repeated if there were no calls', () => {
    expect(namesAsked(new HandleCalls())).toEqual([]);
  });

  it('are repeated as often as they were made, and no others', () => {
    const { handle } = create();
    const calls = new HandleCalls();
    calls.listen(socketWith(handle));
    for (const name of ['setSession', 'setServername', 'setSession']) handle[name]!();
    expect(namesAsked(calls)).toEqual(['setSession', 'setServername', 'setSession']);
  });

  it('are recorded of methods that there are', () => {
    const { handle } = create(['setServername']);
    const calls = new HandleCalls();
    calls.listen(socketWith(handle));
    calls.stop();
    expect(Object.keys(handle)).toEqual(['setServername']);
  });

  it.each([null, undefined])('are not recorded where there is no handle: %p', (handle) => {
    const calls = new HandleCalls();
    expect(() => calls.listen(socketWith(handle as null))).not.toThrow();
    expect(() => calls.stop()).not.toThrow();
  });

  it('are recorded until it stops, or records those of another handle', () => {
    const [first, second] = [create(), create()];
    const calls = new HandleCalls();
    calls.stop();
    calls.listen(socketWith(first.handle));
    expect(first.handle.setSession).not.toBe(first.methods.setSession);
    calls.listen(socketWith(second.handle));
    expect(first.handle).toEqual(first.methods);
    second.handle.setSession!(2);
    calls.stop();
    expect(second.handle).toEqual(second.methods);
    second.handle.setSession!(3);
    calls.stop();
    const other = create();
    calls.repeat(other.handle);
    expect(other.methods.setSession!.mock.calls).toEqual([[2]]);
  });

  it('are of the handle of a socket that TLS connects', () => {
    const socket = secureWaiting();
    const calls = new HandleCalls();
    calls.listen(socket);
    (socket as unknown as { setServername: (name: string) => void }).setServername('another.example');
    const { methods, handle } = create();
    calls.repeat(handle);
    expect(methods.setServername!.mock.calls).toEqual([['another.example']]);
  });
});
