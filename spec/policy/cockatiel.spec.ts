import {
  handleAll,
  BrokenCircuitError,
  noop,
  retry as cockatielRetry,
  ConstantBackoff,
  circuitBreaker,
  ConsecutiveBreaker,
  timeout,
  TimeoutStrategy,
} from 'cockatiel';
import { defer, EMPTY, EmptyError, firstValueFrom, NEVER, Observable, of, Subject, throwError } from 'rxjs';
import { fromCockatiel, pass, type CockatielPolicy } from '../../src/policy/index.js';

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('fromCockatiel', () => {
  it('executes the source by a policy of cockatiel', async () => {
    let asked = 0;
    const source = defer(() => (++asked < 3 ? throwError(() => new Error('down')) : of(asked, 0)));
    const policy = fromCockatiel(cockatielRetry(handleAll, { maxAttempts: 3, backoff: new ConstantBackoff(0) }));
    const values: number[] = [];
    await source.pipe(policy).forEach((value) => values.push(value));
    expect(values).toEqual([3]);
  });

  it('errors with what cockatiel rejects with', async () => {
    const broken = fromCockatiel(circuitBreaker(handleAll, { halfOpenAfter: 1e6, breaker: new ConsecutiveBreaker(1) }));
    const down = new Error('down');
    await expect(firstValueFrom(throwError(() => down).pipe(broken))).rejects.toBe(down);
    await expect(firstValueFrom(of(1).pipe(broken))).rejects.toBeInstanceOf(BrokenCircuitError);
    await expect(firstValueFrom(EMPTY.pipe(fromCockatiel(noop)))).rejects.toBeInstanceOf(EmptyError);
  });

  it('cancels the source when cockatiel gives up', async () => {
    const torn = jest.fn();
    const cut = fromCockatiel(timeout(1, TimeoutStrategy.Aggressive));
    await expect(firstValueFrom(new Observable(() => torn).pipe(cut))).rejects.toThrow(/timed out/);
    expect(torn).toHaveBeenCalledTimes(1);
  });

  it('is combined as any other, and cancelled when it loses', async () => {
    const winner = new Subject<string>();
    const torn = jest.fn();
    const slow = new Observable<string>(() => torn);
    const values: string[] = [];
    const loser = fromCockatiel(noop);
    expect(String(pass.and(loser))).toBe('pass & cockatiel');
    let first = true;
    defer(() => (first ? ((first = false), slow) : winner))
      .pipe(loser.and(pass))
      .subscribe((value) => values.push(value));
    await turn();
    winner.next('won');
    expect(values).toEqual(['won']);
    expect(torn).toHaveBeenCalledTimes(1);
    await turn();
  });

  it('does not subscribe when it is cancelled before cockatiel gets to it', async () => {
    const subscribed = jest.fn(() => NEVER);
    let go: () => void = () => undefined;
    const waits: CockatielPolicy = {
      execute: async (fn, signal = new AbortController().signal) => {
        await new Promise<void>((resolve) => (go = resolve));
        return fn({ signal });
      },
    };
    const subscription = defer(subscribed).pipe(fromCockatiel(waits)).subscribe();
    subscription.unsubscribe();
    go();
    await turn();
    expect(subscribed).not.toHaveBeenCalled();
  });

  it('refuses what is no policy of cockatiel', () => {
    const refused = expect.objectContaining({
      code: 'ERR_INVALID_ARG_TYPE',
      message: expect.stringMatching(/a policy of cockatiel/),
    });
    for (const wrong of [undefined, {}, pass]) expect(() => fromCockatiel(wrong as CockatielPolicy)).toThrow(refused);
  });
});
