import net from 'node:net';
import { NEVER } from 'rxjs';
import { connect, connect$, presets, race$, staticResolver, type ConnectOptions } from '../../src/index.js';
import { checkHost, checkOptions, defaults } from '../../src/plan/options.js';

const type = 'ERR_INVALID_ARG_TYPE',
  value = 'ERR_INVALID_ARG_VALUE',
  range = 'ERR_OUT_OF_RANGE';

/** What a call throws; the call must not get as far as asking or connecting. */
function refusal(host: unknown, port: unknown, options?: unknown): { code?: string; name?: string; message: string } {
  const untouched = { resolver: jest.fn(() => NEVER), transport: jest.fn(() => NEVER) };
  try {
    const given =
      typeof options === 'object' && options !== null && !('transport' in options)
        ? { resolver: untouched.resolver, ...options }
        : options;
    connect$(host as string, port as number, given as ConnectOptions)
      .subscribe()
      .unsubscribe();
  } catch (error) {
    expect(untouched.resolver).not.toHaveBeenCalled();
    return error as Error;
  }
  return { message: 'was accepted' };
}

describe('a host', () => {
  it.each([
    [undefined, type],
    [null, type],
    [443, type],
    [{}, type],
    ['', value],
    ['a'.repeat(300), value],
    [`${'a'.repeat(60)}.`.repeat(5), value],
    ['a..b', value],
    ['.a', value],
    ['a..', value],
    ['.', value],
    [`${'a'.repeat(64)}.com`, value],
    ['exa mple.com', value],
    ['example.com\0', value],
    ['example.com/path', value],
    ['http://example.com', value],
    ['user@example.com', value],
    ['example.com:443', value],
    ['[2001:db8::1', value],
    ['2001:db8::1]', value],
    ['[example.com]', value],
    ['1::2::3', value],
    ['\u{1F4A9}\u0000', value],
  ])('%p is refused with %s', (host, code) => {
    expect(refusal(host, 443)).toMatchObject({ code, name: 'TypeError', message: expect.stringMatching(/"host"/) });
  });

  it('is named with its value, cut where it is long', () => {
    expect(refusal('a..b', 443).message).toBe('"host" has an empty label. Received \'a..b\'');
    expect(refusal('a'.repeat(300), 443).message.length).toBeLessThan(150);
  });

  it.each([
    'example.com',
    'example.com.',
    'a',
    'xn--bcher-kva.example',
    '_sip._tcp.example.com',
    `${'a'.repeat(63)}.com`,
    '127.1',
    '[::1]',
    'fe80::1%eth0',
  ])('%s is accepted', (host) => {
    expect(checkHost(host)).toBe(host);
  });

  it('in other scripts is looked up by its ASCII form', () => {
    expect(checkHost('bücher.example')).toBe('xn--bcher-kva.example');
  });
});

describe('a port', () => {
  it.each([
    [undefined, type],
    ['443', type],
    [null, type],
    [{}, type],
    [443n, type],
    [0, range],
    [-1, range],
    [65_536, range],
    [1.5, range],
    [NaN, range],
    [Infinity, range],
  ])('%p is refused with %s', (port, code) => {
    expect(refusal('example.com', port)).toMatchObject({ code, message: expect.stringContaining('"port"') });
    expect(refusal('example.com', port).message).toContain(String(port));
  });
});

describe('an option', () => {
  const delays = [
    'connectionAttemptDelay',
    'minimumConnectionAttemptDelay',
    'maximumConnectionAttemptDelay',
    'familyStaggerDelay',
    'attemptSpacingDelay',
  ];

  const refused: readonly (readonly [name: string, given: unknown, code: string])[] = [
    ...delays.flatMap(
      (name) =>
        [
          [name, 9, range],
          [name, NaN, range],
          [name, -1, range],
          [name, Infinity, range],
          [name, 2 ** 31, range],
          [name, '250', type],
          [name, null, type],
        ] as [string, unknown, string][],
    ),
    ['resolutionDelay', -1, range],
    ['resolutionDelay', NaN, range],
    ['resolutionDelay', '50', type],
    ['connectTimeout', 0, range],
    ['connectTimeout', NaN, range],
    ['connectTimeout', 2 ** 31, range],
    ['connectTimeout', '1s', type],
    ['attemptTimeout', 0, range],
    ['attemptTimeout', NaN, range],
    ['attemptTimeout', {}, type],
    ['maxConcurrentAttempts', 0, range],
    ['maxConcurrentAttempts', 1.5, range],
    ['maxConcurrentAttempts', NaN, range],
    ['maxConcurrentAttempts', '8', type],
    ['connectionAttemptDelayMultiplier', 0.9, range],
    ['connectionAttemptDelayMultiplier', 101, range],
    ['connectionAttemptDelayMultiplier', NaN, range],
    ['connectionAttemptDelayMultiplier', Infinity, range],
    ['connectionAttemptDelayMultiplier', '2', type],
    ['firstAddressFamilyCount', 0, range],
    ['firstAddressFamilyCount', 1.5, range],
    ['firstAddressFamilyCount', Infinity, range],
    ['family', 5, value],
    ['family', '4', type],
    ['family', null, type],
    ['preferFamily', 0, value],
    ['preferFamily', 'IPv6', type],
    ['sort', 'rfc1', value],
    ['sort', 5, type],
    ['sort', null, type],
    ['interleave', 1, type],
    ['enabled', 'yes', type],
    ['resolver', {}, type],
    ['transport', 'tcp', type],
    ['socketFactory', {}, type],
    ['random', 0.5, type],
    ['tcp', true, type],
    ['tcp', null, type],
    ['tcp', { noDelay: 1 }, type],
    ['tcp', { timeout: 5 }, value],
    ['tcp', { keepAliveInitialDelay: -1 }, range],
    ['localAddress', 5, type],
    ['localAddress', 'eth0', value],
    ['localAddress', [], value],
    ['localAddress', ['192.0.2.1', '127.1'], value],
    ['localPort', -1, range],
    ['localPort', 65_536, range],
    ['localPort', '80', type],
    ['localPort', [80, 1.5], range],
    ['signal', {}, type],
    ['signal', true, type],
    ['scheduler', {}, type],
    ['scheduler', { now: Date.now }, type],
    ['tls', 'yes', type],
    ['tls', { path: '/socket' }, value],
    ['setup', {}, type],
    ['isTerminal', true, type],
    ['isTerminal', () => true, value],
    ['conectTimeout', 5, value],
  ];

  it.each(refused)('%s: %p is refused with %s, by name and value', (name, given, code) => {
    const error = refusal('example.com', 443, { [name]: given });
    expect(error).toMatchObject({
      code,
      name: code === range ? 'RangeError' : 'TypeError',
      message: expect.stringContaining(`"options.${name}`),
    });
    if (typeof given === 'number') expect(error.message).toContain(`Received ${given}`);
  });

  it.each([5, 'text', null, true])('list that is %p is refused', (options) => {
    expect(refusal('example.com', 443, options)).toMatchObject({ code: type, message: expect.stringContaining('"options"') });
  });

  it.each([
    [{ familyStaggerDelay: 250 }, 'options.attemptSpacingDelay'],
    [{ attemptSpacingDelay: 125 }, 'options.familyStaggerDelay'],
    [{ minimumConnectionAttemptDelay: 3000 }, 'options.maximumConnectionAttemptDelay'],
    [{ transport: () => NEVER, tcp: {} }, 'options.tcp'],
    [{ transport: () => NEVER, localAddress: '127.0.0.1' }, 'options.localAddress'],
    [{ transport: () => NEVER, localPort: 1 }, 'options.localPort'],
    [{ transport: () => NEVER, socketFactory: () => new net.Socket() }, 'options.socketFactory'],
    [{ socketFactory: () => new net.Socket(), tcp: {} }, 'options.tcp'],
  ])('that does not go with the others is refused: %p', (options, name) => {
    expect(refusal('example.com', 443, options).message).toContain(`"${name}"`);
  });

  it.each([
    { maxConcurrentAttempts: Infinity },
    { connectTimeout: Infinity },
    { attemptTimeout: Infinity },
    { resolutionDelay: 0 },
    { connectionAttemptDelayMultiplier: 1 },
    { connectionAttemptDelayMultiplier: 1.25 },
    { family: 0 as const },
    { familyStaggerDelay: 10, attemptSpacingDelay: 10 },
    { tcp: { noDelay: true, highWaterMark: 0 } },
    { localAddress: ['127.0.0.1', '::1'], localPort: [0, 8080] },
    presets.rfc8305,
    presets.perFamily,
  ])('%p is accepted', (options) => {
    expect(checkOptions(options)).toMatchObject(options);
  });

  it('that is undefined is not given', () => {
    expect(checkOptions({ connectTimeout: undefined, signal: undefined })).toEqual(defaults);
  });
});

describe('bad input', () => {
  it('is refused at the call by connect$ and race$, before anybody subscribes, and rejects connect', async () => {
    expect(() => connect$('', 443)).toThrow(TypeError);
    expect(() => race$('example.com', 0)).toThrow(RangeError);
    await expect(connect('example.com', 443, { connectTimeout: NaN })).rejects.toThrow(RangeError);
  });

  it('of a static resolver is refused when it is made', () => {
    expect(() => staticResolver(['127.1'])).toThrow(expect.objectContaining({ code: value }));
    expect(() => staticResolver({ 'example.com': ['nonsense'] })).toThrow(expect.objectContaining({ code: value }));
    expect(() => staticResolver(undefined as never)).toThrow(expect.objectContaining({ code: type }));
  });
});

describe('defaults and presets', () => {
  it('are frozen', () => {
    expect(Object.isFrozen(defaults)).toBe(true);
    expect([presets, ...Object.values(presets)].every(Object.isFrozen)).toBe(true);
  });

  it('have the values that are documented', () => {
    expect(defaults).toMatchObject({
      family: 0,
      interleave: true,
      firstAddressFamilyCount: 1,
      connectionAttemptDelay: 250,
      minimumConnectionAttemptDelay: 100,
      maximumConnectionAttemptDelay: 2000,
      connectionAttemptDelayMultiplier: 1,
      resolutionDelay: 50,
      maxConcurrentAttempts: 8,
      enabled: true,
      connectTimeout: 10_000,
      attemptTimeout: Infinity,
    });
    expect(presets.perFamily).toEqual({ familyStaggerDelay: 250, attemptSpacingDelay: 125, maxConcurrentAttempts: 2 });
  });
});

describe('options that are given again', () => {
  it('are checked again when they have changed, and not when they have not', () => {
    const options: Record<string, unknown> = { family: 4, connectTimeout: 5000 };
    const first = [checkOptions(options), checkOptions(options)].at(-1);
    expect(checkOptions(options)).toBe(first);
    options.connectTimeout = 6000;
    expect(checkOptions(options)).toMatchObject({ family: 4, connectTimeout: 6000 });
    delete options.family;
    options.interleave = true; // as many as before, and each as it is by default
    expect(checkOptions(options)).toMatchObject({ family: 0, connectTimeout: 6000 });
    options.family = 5;
    expect(() => checkOptions(options)).toThrow('options.family');
    expect(() => checkOptions(options)).toThrow('options.family');
  });

  it('are checked again when they hold options of their own', () => {
    const options = { tcp: { noDelay: true } };
    for (let i = 0; i < 3; i++) checkOptions(options);
    (options.tcp as { noDelay: unknown }).noDelay = 'yes';
    expect(() => checkOptions(options)).toThrow('options.tcp.noDelay');
  });
});
