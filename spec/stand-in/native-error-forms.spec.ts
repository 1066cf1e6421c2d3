import { codedError } from '../../src/core/error-tools.js';
import { ConnectionError } from '../../src/core/race/connection-error.js';
import type { RaceEvent } from '../../src/core/race/events.js';
import { nativeError } from '../../src/stand-in/native-error.js';
import { errnoOf } from '../../src/stand-in/system-error.js';

const [HOST, PORT] = ['some.example', 80];
const [ONE, TWO] = ['192.0.2.1', '192.0.2.2'];

/** The error of a race whose attempts have failed with errors. */
function lost(errors: Record<string, Error | undefined>, others: object = {}): ConnectionError {
  const events = Object.entries(errors).flatMap(([address, error]) => {
    const endpoint = { address, family: 4, port: PORT } as const;
    const failed = error ? [{ type: 'failed', at: 1, endpoint, error }] : [];
    return [{ type: 'started', at: 0, endpoint }, ...failed] as RaceEvent[];
  });
  return new ConnectionError({ host: HOST, port: PORT, preferredFamily: 6, endedAt: 2, events, ...others } as never);
}
const of = (reason: string, error: ConnectionError, others: object = {}) => Object.assign(error, { reason, ...others });
const timedOut = (address: string) => ({
  message: `connect ETIMEDOUT ${address}:${PORT}`,
  ...{ code: 'ETIMEDOUT', errno: errnoOf('ETIMEDOUT'), syscall: 'connect', address, port: PORT },
});
const seen = (error: Error) => ({ ...(error as object), message: error.message });
const refused = (address: string) => codedError('ECONNREFUSED', `connect ECONNREFUSED ${address}`);

describe('the error that Node would have', () => {
  it('is what was thrown where it is not of a race', () => {
    const error = new Error('other');
    expect(nativeError(error)).toBe(error);
    expect(error).not.toHaveProperty('connectionError');
    expect(nativeError('text')).toMatchObject({ cause: 'text' });
  });

  it('is that of the look-up', () => {
    const cause = new Error('no');
    const race = of('resolution', lost({}), { cause });
    expect(nativeError(race)).toBe(cause);
    expect(Object.getOwnPropertyDescriptor(cause, 'connectionError')).toEqual({
      value: race,
      ...{ configurable: true, writable: true, enumerable: false },
    });
    expect(seen(nativeError(of('resolution', lost({}), { cause: 'text' })))).toEqual({
      message: `getaddrinfo ENOTFOUND ${HOST}`,
      ...{ code: 'ENOTFOUND', errno: -3008, syscall: 'getaddrinfo', hostname: HOST },
    });
  });

  it('is a frozen one without the record of the race', () => {
    const cause = Object.freeze(new Error('no'));
    expect(nativeError(of('resolution', lost({}), { cause }))).toBe(cause);
  });

  it('is that of the only attempt', () => {
    const error = refused(ONE);
    expect(nativeError(of('attempts', lost({ [ONE]: error }), { cause: new Error('no') }))).toBe(error);
  });

  it.each<[string, Error | undefined]>([
    ['has not ended', undefined],
    ['took too long', codedError('ETIMEDOUT', 'took too long')],
  ])('names the address of an attempt that %s', (_how, error) => {
    expect(seen(nativeError(of('attempts', lost({ [ONE]: error }))))).toEqual(timedOut(ONE));
  });

  it('is that of the system where the system says that it took too long', () => {
    const error = Object.assign(codedError('ETIMEDOUT', 'read ETIMEDOUT'), { syscall: 'read' });
    expect(nativeError(of('attempts', lost({ [ONE]: error })))).toBe(error);
  });

  it('names the host where nothing was tried', () => {
    expect(seen(nativeError(of('timeout', lost({}))))).toEqual(timedOut(HOST));
  });

  it.each([
    ['attempts', 'ECONNREFUSED'],
    ['timeout', 'ETIMEDOUT'],
  ])('has those of all attempts, and a code: %s', (reason, code) => {
    const [first, second] = [refused(ONE), codedError('EHOSTUNREACH', 'unreachable')];
    const error = nativeError(of(reason, lost({ [ONE]: first, [TWO]: second }))) as AggregateError;
    expect(error).toBeInstanceOf(AggregateError);
    expect(error.errors).toEqual([first, second]);
    expect([error.message, { ...(error as object) }]).toEqual(['', { code }]);
    expect(error.stack).toMatch(new RegExp(`^AggregateError \\[${code}\\]: \n    at `));
  });

  it('may have no stack', () => {
    const { prepareStackTrace } = Error;
    Error.prepareStackTrace = () => undefined;
    try {
      const error = nativeError(of('attempts', lost({ [ONE]: refused(ONE), [TWO]: refused(TWO) })));
      expect(error.stack).toBeUndefined();
    } finally {
      Error.prepareStackTrace = prepareStackTrace;
    }
  });
});
