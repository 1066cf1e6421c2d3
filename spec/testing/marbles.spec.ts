import { map, of, throwError, type Observable } from 'rxjs';
import { TestScheduler, type RunHelpers } from 'rxjs/testing';
import { connect$ } from '../../src/index.js';
import { assertMarbles, behaves, connects, expectAttempts, hangs, refuses, virtualNetwork } from '../../src/testing/index.js';

const six = '2001:db8::6',
  four = '192.0.2.4';

const run = (test: (helpers: RunHelpers, scheduler: TestScheduler) => void) => {
  const scheduler = new TestScheduler(assertMarbles);
  scheduler.run((helpers) => {
    test(helpers, scheduler);
  });
};

/** What is told where something is otherwise. */
const complaint = (test: () => void) => {
  try {
    test();
  } catch (error) {
    return `\n${(error as Error).message}\n`;
  }
  throw new Error('nothing is wrong');
};

describe('a network in marbles', () => {
  const options = { connectionAttemptDelay: 10 };

  it('runs in the time of a TestScheduler, and has subscription marbles of every attempt', () => {
    run(({ expectObservable, expectSubscriptions }, scheduler) => {
      const network = virtualNetwork({
        scheduler,
        dns: { AAAA: { marbles: '--a', a: [six] }, A: { marbles: '-a', a: [four] } },
        endpoints: { [six]: '---', [four]: '---c' },
      });
      const winner$ = connect$('example.com', 443, { ...network, ...options }).pipe(map(({ remoteAddress }) => remoteAddress));
      expectObservable(winner$).toBe('                        ---------------(w|)', { w: four });
      expectSubscriptions(network.subscriptions(six)).toBe('  --^------------!');
      expectSubscriptions(network.subscriptions(four)).toBe(' ------------^--!');
    });
  });

  it('takes cold observables of a TestScheduler as fates and answers', () => {
    run(({ cold, expectObservable, expectSubscriptions }, scheduler) => {
      const attempt = cold('---s');
      const network = virtualNetwork({
        scheduler,
        dns: () => cold('--(a|)', { a: { type: 'AAAA', addresses: [six] } as const }),
        endpoints: { [six]: behaves(() => attempt) },
      });
      expectObservable(connect$('example.com', 443, { ...network, ...options }) as Observable<unknown>).toBe('-----(s|)');
      expectSubscriptions(attempt.subscriptions).toBe('--^--!');
      expectSubscriptions(network.subscriptions(six)).toBe('--^--!');
    });
  });

  it('gives the marbles of every attempt, which it also takes', () => {
    const network = virtualNetwork({
      dns: [six, four],
      endpoints: { [six]: (attempt) => (attempt === 1 ? hangs() : refuses('at once')), [four]: '---c' },
    });
    for (let i = 0; i < 2; i++) network.run(connect$('example.com', 443, network));
    expect(network.marbles()).toEqual({
      [six]: ['^ 252ms !', ' 253ms (^!)'],
      [four]: [' 250ms ^--!', ' 253ms ^--!'],
    });
    expectAttempts(network, network.marbles());
    expect(virtualNetwork().marbles()).toEqual({});
  });

  it('are a way to write fates, outside of a TestScheduler too', () => {
    const network = virtualNetwork({ dns: [six, four], endpoints: { [six]: '---x', [four]: '--t--c' } });
    network.run(connect$('example.com', 443, network));
    expectAttempts(network, { [six]: '^--!', [four]: '---^----!' });
  });
});

describe('expectAttempts', () => {
  const network = () => {
    const network = virtualNetwork({ dns: [six, four], endpoints: { [six]: hangs(), [four]: connects(3) } });
    network.run(connect$('example.com', 443, { ...network, connectionAttemptDelay: 10 }));
    return network;
  };

  it('compares each attempt with its marbles', () => {
    expectAttempts(network(), { '2001:DB8::6': '^------------!', [four]: ' ----------^--!' });
    const twice = virtualNetwork({ endpoints: { [four]: refuses(3) } });
    for (let i = 0; i < 2; i++) twice.run(connect$(four, 443, twice));
    expectAttempts(twice, { [four]: ['^--!', '---^--!'] });
    expectAttempts(virtualNetwork(), {});
  });

  it('draws both, and marks the column in which they differ', () => {
    expect(complaint(() => expectAttempts(network(), { [six]: '^------------!', [four]: '-----^-------!' }))).toBe(`
the attempts are not as expected:

192.0.2.4
expected  -----^-------!
actual    ----------^--!
               ▲ 5 ms

${network().timeline()}
`);
  });

  it.each<[string, Record<string, string | string[]>, string]>([
    [
      'an attempt that goes on',
      { [six]: '^', [four]: '----------^--!' },
      `${six}
expected  ^
actual    ^------------!
                       ▲ 13 ms`,
    ],
    [
      'one that was not expected',
      { [six]: '^------------!' },
      `${four}
expected  -
actual    ----------^--!
                    ▲ 10 ms`,
    ],
    [
      'one that there was not',
      { [six]: '^------------!', [four]: ['----------^--!', '30ms ^!'] },
      `${four}, attempt 2
expected   30ms ^!
actual    -
                ▲ 30 ms`,
    ],
  ])('tells of %s', (_, lives, told) => {
    expect(complaint(() => expectAttempts(network(), lives))).toContain(`\n\n${told}\n\n`);
  });

  it.each<[string, unknown[], string]>([
    ['what is no address', [network(), { x: '^' }], `"lives['x']" must be named by an IP address`],
    ['what is no network', [{}, {}], '"network" must be a virtual network'],
    ['nothing to expect', [network()], '"lives" must be an object of marbles by address. Received undefined'],
    ['what are no marbles', [network(), { [four]: 5 }], `"lives['192.0.2.4']" must be marbles, or a list of them. Received 5`],
    ['invalid marbles', [network(), { [four]: '-x!' }], `"lives['192.0.2.4']" is not in marbles (`],
    [
      'an address twice',
      [network(), { [six]: '^', '2001:DB8::6': '^' }],
      `"lives['2001:DB8::6']" is the same address as another`,
    ],
  ])('refuses %s', (_, given, message) => {
    expect(() => expectAttempts(...(given as Parameters<typeof expectAttempts>))).toThrow(message);
  });
});

describe('assertMarbles of errors', () => {
  it('names them', () => {
    const error = Object.assign(new Error('no'), { name: 'MyError', attempts: Array.from({ length: 50 }, () => ({ deep: {} })) });
    const told = () => {
      assertMarbles([{ frame: 0, notification: { kind: 'E', error } }], []);
    };
    expect(complaint(told)).toContain('#: MyError: no\n');
    expect(complaint(told).split('\n').length).toBeLessThan(12);
  });
});

describe('assertMarbles', () => {
  const stream = (actual: string, expected: string, values?: Record<string, unknown>) => () =>
    run(({ cold, expectObservable }) => {
      expectObservable(cold(actual, values)).toBe(expected, values);
    });

  it('is content with what is as expected', () => {
    stream('--a--(b|)', '--a--(b|)')();
    stream('-a', '-a', { a: { deep: [1] } })();
    stream('', '')();
  });

  it.each([
    ['at another time', '--a--|', '---a-|', '---a-|\nactual    --a--|\n            ▲ 2 ms'],
    ['of another value', '--a', '--b', '--b\nactual    --a\n            ▲ 2 ms'],
    ['too much', '--a-b', '--a', '--a\nactual    --a-b\n              ▲ 4 ms'],
    ['too little', '--a', '--a--|', '--a--|\nactual    --a\n               ▲ 5 ms'],
    ['in another group', '-(ab|)', '-(ba|)', '-(ba|)\nactual    -(ab|)\n           ▲ 1 ms'],
    ['beside a group', '-(ab)c', '-(ab)', '-(ab)\nactual    -(ab)---c\n                  ▲ 5 ms'],
    ['after a long time', '300ms a', '300ms b', ' 300ms b\nactual     300ms a\n                 ▲ 300 ms'],
  ])('draws a stream with something %s', (_, actual, expected, told) => {
    expect(complaint(stream(actual, expected))).toBe(`\nthe stream is not as expected:\n\nexpected  ${told}\n`);
  });

  it('says what the letters stand for', () => {
    const test = () =>
      run(({ expectObservable }) => {
        expectObservable(of({ size: 1 })).toBe('(b|)', { b: { size: 2 } });
      });
    expect(complaint(test)).toBe(`
the stream is not as expected:

expected  (a|)
actual    (b|)
          ▲ 0 ms

  a: { size: 2 }
  b: { size: 1 }
`);
    const failing = () =>
      run(({ expectObservable }) => {
        expectObservable(throwError(() => new Error('one'))).toBe('#', undefined, new Error('two'));
      });
    expect(complaint(failing)).toMatch(/expected {2}#\nactual {4}A\n {10}▲ 0 ms\n\n {2}#: Error: two.* {2}A: Error: one/s);
  });

  it('lets matchers of a test runner stand for values and errors', () => {
    run(({ expectObservable }) => {
      expectObservable(of({ a: 1, b: 2 })).toBe('(x|)', { x: expect.objectContaining({ a: 1 }) });
      const failed$ = throwError(() => new Error('no'));
      expectObservable(failed$).toBe('#', undefined, expect.objectContaining({ message: 'no' }));
    });
    expect(
      complaint(() =>
        run(({ expectObservable }) => {
          expectObservable(of({ a: 2 })).toBe('(x|)', { x: expect.objectContaining({ a: 1 }) });
        }),
      ),
    ).toContain('the stream is not as expected');
  });

  it('draws subscriptions', () => {
    const test = (...marbles: string[]) =>
      complaint(() =>
        run(({ cold, expectObservable, expectSubscriptions }) => {
          const source = cold('---|');
          expectObservable(source).toBe('---|');
          expectObservable(source, '----------^!').toBe('-----------');
          expectSubscriptions(source.subscriptions).toBe(marbles);
        }),
      );
    expect(test('^---!', '----------^!')).toBe(`
subscriptions are not as expected:

subscription 1:
expected  ^---!
actual    ^--!
             ▲ 3 ms
`);
    expect(test()).toContain('subscription 2:\nexpected  -\nactual    ----------^!');
  });

  it('draws subscriptions that last no time', () => {
    const test = () =>
      run(({ cold, expectObservable, expectSubscriptions }) => {
        const source = cold('(a|)');
        expectObservable(source).toBe('(a|)');
        expectSubscriptions(source.subscriptions).toBe('^!');
      });
    expect(complaint(test)).toContain('expected  ^   !\nactual    (^!)\n          ▲ 0 ms');
  });

  it('compares whatever else there is', () => {
    expect(() => assertMarbles([1], [2])).toThrow('expected [ 2 ], and got [ 1 ]');
    assertMarbles([1], [1]);
  });
});
