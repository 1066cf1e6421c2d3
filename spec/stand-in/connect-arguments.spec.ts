import net from 'node:net';
import { inspect } from 'node:util';
import { connectArguments, isNameless, ownOf, type ConnectTarget } from '../../src/stand-in/connect-arguments.js';

/** How Node itself reads the arguments of `socket.connect`. */
const { _normalizeArgs: native } = net as unknown as {
  _normalizeArgs: (given: readonly unknown[]) => [ConnectTarget, (() => void) | null];
};

const listener = () => undefined;
const options = { host: 'some.example', port: 80 };

describe('the arguments of `connect`', () => {
  const calls: readonly (readonly unknown[])[] = [
    [80],
    [80, 'some.example'],
    [80, 'some.example', listener],
    [80, listener],
    [80, undefined, listener],
    [80, 1],
    ['80'],
    ['80', 'some.example'],
    ['0'],
    [''],
    ['1e3'],
    ['-1'],
    ['/run/some.socket'],
    ['/run/some.socket', listener],
    ['some.example', 80],
    [options],
    [options, listener],
    [options, 'another'],
    [null],
    [null, 'some.example', listener],
    [undefined, 'some.example'],
    [],
    [[options, listener]],
    [[]],
  ];

  it.each(calls.map((given) => [inspect(given), given] as const))('are read as Node reads them: %s', (_shown, given) => {
    const [destination, own = null] = connectArguments(given);
    const [expected, expectedListener] = native(given);
    expect(destination).toEqual(expected);
    expect(Object.keys(destination)).toEqual(Object.keys(given.length > 0 ? expected : { port: undefined }));
    expect(own).toBe(expectedListener);
  });

  it('are passed on as they are if `net.connect` has read them already', () => {
    const given = native([options, listener]);
    expect(connectArguments([given])).toBe(given);
  });
});

describe('options of `connect`', () => {
  it('are used as they are if they inherit nothing', () => {
    const plain = { port: 1 };
    const bare = Object.assign(Object.create(null) as object, plain);
    expect(ownOf(plain)).toBe(plain);
    expect(ownOf(bare)).toBe(bare);
  });

  it('are copied with all that they inherit', () => {
    const inherited = { host: 'some.example', extra: 1 };
    const own = ownOf(Object.assign(Object.create(inherited) as ConnectTarget, { port: 80 }));
    expect(own).toStrictEqual({ port: 80, host: 'some.example', extra: 1 });
  });

  it('are copied with what their class computes, and with nothing that it lacks', () => {
    class Target {
      readonly extra = 1;
      readonly name = 'some.example';
      get host() {
        return this.name;
      }
    }
    const { name, ...own } = ownOf(new Target()) as ConnectTarget & { name: string };
    expect(name).toBe('some.example');
    expect(own).toStrictEqual({ extra: 1, host: 'some.example' });
  });
});

describe('a target without a name to look up', () => {
  it.each<[boolean, ConnectTarget]>([
    [false, {}],
    [false, { host: 'some.example' }],
    [false, { host: '' }],
    [false, { host: null }],
    [false, { host: { toString: () => '127.0.0.1' } as unknown as string }],
    [false, { host: 'some.example', path: '' }],
    [true, { host: '127.0.0.1' }],
    [true, { host: '::1' }],
    [true, { path: '/run/some.socket' }],
    [true, { host: 'some.example', path: '/run/some.socket' }],
  ])('is recognised: %p for %j', (nameless, target) => {
    expect(isNameless(target)).toBe(nameless);
  });
});
