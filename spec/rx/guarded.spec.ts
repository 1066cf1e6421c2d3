import { EMPTY, NEVER, Observable, of, throwError } from 'rxjs';
import { Guarded, Listener } from '../../src/rx/guarded.js';

/** An observer that keeps what it is given. */
class Kept extends Guarded<number> {
  readonly seen: unknown[] = [];
  protected hasNext(value: number): void {
    this.seen.push(value);
  }
  protected hasFailed(error: unknown): void {
    this.seen.push(error);
  }
  protected hasCompleted(): void {
    this.seen.push('complete');
  }
}

const broken = new Error('broken');

describe('a guarded subscription', () => {
  it('passes on values, and one end', () => {
    const kept = new Kept();
    kept.listen(() => of(1, 2));
    expect(kept.seen).toEqual([1, 2, 'complete']);
    expect(kept.closed).toBe(true);
    kept.next(3);
    kept.error(broken);
    kept.complete();
    expect(kept.seen).toEqual([1, 2, 'complete']);
  });

  it('passes on nothing after an error', () => {
    const kept = new Kept();
    kept.listen(() => throwError(() => broken));
    kept.next(1);
    kept.error(new Error('another'));
    kept.complete();
    expect(kept.seen).toEqual([broken]);
  });

  it('takes whatever RxJS takes for a stream', async () => {
    const kept = new Kept();
    kept.listen(() => Promise.resolve(1));
    await Promise.resolve().then(() => undefined);
    expect(kept.seen).toEqual([1, 'complete']);
  });

  it('makes an error of what is thrown where a stream is created, and of what is no stream', () => {
    const creates = [
      () => {
        throw broken;
      },
      () => new Observable<number>(() => {
        throw broken;
      }),
    ]; // prettier-ignore
    for (const create of creates) {
      const kept = new Kept();
      kept.listen(create);
      expect(kept.seen).toEqual([broken]);
    }
    const kept = new Kept();
    kept.listen(() => 5 as never);
    expect(kept.seen).toEqual([expect.any(TypeError)]);
    const held = new Kept();
    held.hold(() => {
      throw broken;
    });
    expect(held.seen).toEqual([broken]);
  });

  it('has unsubscribed before it passes on an end', () => {
    let isOpen = false;
    const order: unknown[] = [];
    class Ordered extends Kept {
      protected override hasCompleted(): void {
        order.push(isOpen);
      }
    }
    new Ordered().listen(
      () =>
        new Observable<number>((subscriber) => {
          isOpen = true;
          subscriber.add(() => (isOpen = false));
          subscriber.complete();
        }),
    );
    expect(order).toEqual([false]);
  });

  it('can be closed before it has subscribed', () => {
    let teardowns = 0;
    const kept = new Kept();
    kept.unsubscribe();
    kept.listen(() => new Observable<number>(() => () => teardowns++));
    expect(teardowns).toBe(1);
    expect(kept.seen).toEqual([]);
  });
});

describe('a listener', () => {
  it('may have no callbacks for ends', () => {
    const seen: number[] = [];
    for (const source of [of(1), throwError(() => broken), EMPTY, NEVER]) {
      const listener = new Listener<number>({ next: (value) => seen.push(value) });
      expect(() => listener.listen(() => source)).not.toThrow();
      listener.unsubscribe();
    }
    expect(seen).toEqual([1]);
  });

  it('calls those it has', () => {
    const seen: unknown[] = [];
    const told = {
      next: (value: number) => seen.push(value),
      error: (error: unknown) => seen.push(error),
      complete: () => seen.push('complete'),
    };
    new Listener<number>(told).listen(() => of(1));
    new Listener<number>(told).listen(() => throwError(() => broken));
    expect(seen).toEqual([1, 'complete', broken]);
  });
});
