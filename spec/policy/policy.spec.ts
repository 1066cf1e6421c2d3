import { EMPTY, identity, NEVER, of, Subject, type Observable } from 'rxjs';
import { delay, never, pass, policy, service, tap, timeout, type AnyPolicy, type Policy } from '../../src/policy/index.js';
import { aggregate, marbles } from '../support/policies.js';

/** A policy that has another source, so that each side of a race has marbles of its own. */
const asks = <T>(source: Observable<T>, name: string): Policy<T> => policy<T>(() => source, name);

describe('a & b', () => {
  it('[H1] A faster than B: A wins, and B is cancelled', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const a = cold('  --a-');
      const aLife = '   ^-!';
      const b = cold('  ----b');
      const bLife = '   ^-!';
      const result = '  --(a|)';
      expectObservable(EMPTY.pipe(asks(a, 'a').and(asks(b, 'b')))).toBe(result);
      expectSubscriptions(a.subscriptions).toBe(aLife);
      expectSubscriptions(b.subscriptions).toBe(bLife);
    });
  });

  it('[H1] B faster than A: B wins, and A is cancelled', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const a = cold('  ----a');
      const aLife = '   ^-!';
      const b = cold('  --b-');
      const bLife = '   ^-!';
      const result = '  --(b|)';
      expectObservable(EMPTY.pipe(asks(a, 'a').and(asks(b, 'b')))).toBe(result);
      expectSubscriptions(a.subscriptions).toBe(aLife);
      expectSubscriptions(b.subscriptions).toBe(bLife);
    });
  });

  it('[H1] A fails and B succeeds: B wins', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const a = cold('  --#');
      const aLife = '   ^-!';
      const b = cold('  ----b');
      const bLife = '   ^---!';
      const result = '  ----(b|)';
      expectObservable(EMPTY.pipe(asks(a, 'a').and(asks(b, 'b')))).toBe(result);
      expectSubscriptions(a.subscriptions).toBe(aLife);
      expectSubscriptions(b.subscriptions).toBe(bLife);
    });
  });

  it('[H1] A succeeds and B fails: A wins', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const a = cold('  ----a');
      const aLife = '   ^---!';
      const b = cold('  --#');
      const bLife = '   ^-!';
      const result = '  ----(a|)';
      expectObservable(EMPTY.pipe(asks(a, 'a').and(asks(b, 'b')))).toBe(result);
      expectSubscriptions(a.subscriptions).toBe(aLife);
      expectSubscriptions(b.subscriptions).toBe(bLife);
    });
  });

  it("[H1] the loser's teardown flag is set when the other wins", () => {
    for (const [wins, loses] of [
      ['a', 'b'],
      ['b', 'a'],
    ] as const) {
      const tornDown = { a: false, b: false };
      const sources = { a: new Subject<string>(), b: new Subject<string>() };
      const flagged = (name: 'a' | 'b') =>
        tap<string>({ unsubscribe: () => (tornDown[name] = true) }).wrap(asks(sources[name], name));
      const seen: unknown[] = [];
      EMPTY.pipe(flagged('a').and(flagged('b'))).subscribe((value) => seen.push(value, tornDown[loses]));
      expect(tornDown[loses]).toBe(false);
      sources[wins].next('won');
      expect(seen).toEqual(['won', true]);
    }
  });

  it('[H1] both fail: one combined error with both causes in the order of the operands', () => {
    marbles(({ cold, expectObservable }) => {
      const a = cold('  ----#', undefined, 'a');
      const b = cold('  --#', undefined, 'b');
      const result = '  ----#';
      expectObservable(EMPTY.pipe(asks(a, 'a').and(asks(b, 'b')))).toBe(result, undefined, aggregate('a', 'b'));
    });
  });

  it('[H1] cancellation from outside cancels both', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const a = cold('      -----a');
      const b = cold('      ----b');
      const unsubscribed = '---!';
      const life = '        ^--!';
      expectObservable(EMPTY.pipe(asks(a, 'a').and(asks(b, 'b'))), unsubscribed).toBe('');
      expectSubscriptions(a.subscriptions).toBe(life);
      expectSubscriptions(b.subscriptions).toBe(life);
    });
  });

  it('[H1] subscribes to one source under both', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }, scheduler) => {
      const source = cold('----s');
      const slow = '       -----^---!';
      const fast = '       ^--!';
      const cut = timeout(3, { scheduler });
      const late = delay(5, { scheduler });
      expectObservable(source.pipe(cut.and(late))).toBe('---------(s|)');
      expectSubscriptions(source.subscriptions).toBe([fast, slow]);
    });
  });

  it('[H1] flattens the errors of what is nested, and says in its message what they are of', () => {
    const thrown = (name: string) =>
      policy<string>(() => {
        throw new Error(`no ${name}`);
      }, name);
    let error: unknown;
    of('')
      .pipe(
        thrown('a')
          .and(thrown('b').and(thrown('c')))
          .or(thrown('d')),
      )
      .subscribe({ error: (caught: unknown) => (error = caught) });
    expect(error).toMatchObject({
      message: 'a & b & c | d: no a; no b; no c; no d',
      errors: ['a', 'b', 'c', 'd'].map((name): unknown => expect.objectContaining({ message: `no ${name}` })),
    });
  });
});

describe('a | b and a + b', () => {
  it('[H2] falls back to the right when the left fails, and not before', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const a = cold('  ---#');
      const b = cold('     --b');
      const bLife = '   ---^-!';
      const result = '  -----(b|)';
      expectObservable(EMPTY.pipe(asks(a, 'a').or(asks(b, 'b')))).toBe(result);
      expectSubscriptions(b.subscriptions).toBe(bLife);
    });
  });

  it('[H2] does not start the right when the left succeeds', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const a = cold('  ---a');
      const b = cold('  b');
      const result = '  ---(a|)';
      expectObservable(EMPTY.pipe(asks(a, 'a').or(asks(b, 'b')))).toBe(result);
      expectSubscriptions(b.subscriptions).toBe([]);
    });
  });

  it('[H2] fails with both causes in order when both fail', () => {
    marbles(({ cold, expectObservable }) => {
      const a = cold('  ---#', undefined, 'a');
      const b = cold('     --#', undefined, 'b');
      const result = '  -----#';
      expectObservable(EMPTY.pipe(asks(a, 'a').or(asks(b, 'b')))).toBe(result, undefined, aggregate('a', 'b'));
    });
  });

  it('[H2] composes: a is outside b', () => {
    marbles(({ cold, expectObservable }, scheduler) => {
      const source = cold('---s|');
      const late = delay(5, { scheduler });
      const cut = timeout(4, { scheduler });
      const code = expect.objectContaining({ code: 'ETIMEDOUT' });
      expectObservable(source.pipe(cut.wrap(late))).toBe('----#', undefined, code);
      expectObservable(source.pipe(late.wrap(cut))).toBe('--------s|');
    });
  });

  it('[H2] composes streams of several values, where races take the first', () => {
    marbles(({ cold, expectObservable }) => {
      const source = cold('-a-b|');
      expectObservable(source.pipe(pass.wrap(pass))).toBe('-a-b|');
      expectObservable(source.pipe(pass.or(pass))).toBe('  -(a|)');
    });
  });
});

describe('a hedge', () => {
  it('[H3] asks the other the delay later, and both go on', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }, scheduler) => {
      const a = cold('  --------a');
      const aLife = '   ^------!';
      const b = cold('       --b');
      const bLife = '   -----^-!';
      const result = '  -------(b|)';
      expectObservable(EMPTY.pipe(asks(a, 'a').hedge(asks(b, 'b'), 5, { scheduler }))).toBe(result);
      expectSubscriptions(a.subscriptions).toBe(aLife);
      expectSubscriptions(b.subscriptions).toBe(bLife);
    });
  });

  it('[H3] does not ask the other when the first is there within the delay', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }, scheduler) => {
      const a = cold('  ----a');
      const b = cold('  b');
      const result = '  ----(a|)';
      expectObservable(EMPTY.pipe(asks(a, 'a').hedge(asks(b, 'b'), 5, { scheduler }))).toBe(result);
      expectSubscriptions(b.subscriptions).toBe([]);
    });
  });

  it('[H3] asks the other at once when the first fails', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }, scheduler) => {
      const a = cold('  --#');
      const b = cold('    -b');
      const bLife = '   --^!';
      const result = '  ---(b|)';
      expectObservable(EMPTY.pipe(asks(a, 'a').hedge(asks(b, 'b'), 5, { scheduler }))).toBe(result);
      expectSubscriptions(b.subscriptions).toBe(bLife);
    });
  });

  it('[H3] with a delay of 0 is a & b, with Infinity a | b', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }, scheduler) => {
      const a = cold('  -----#');
      const b = cold('  ---b');
      expectObservable(EMPTY.pipe(asks(a, 'a').hedge(asks(b, 'b'), 0, { scheduler }))).toBe('       ---(b|)');
      expectObservable(EMPTY.pipe(asks(a, 'a').hedge(asks(b, 'b'), Infinity, { scheduler }))).toBe('--------(b|)');
      expectSubscriptions(b.subscriptions).toBe(['^--!', '-----^--!']);
    });
  });
});

describe('a policy', () => {
  it('is an operator', () => {
    const values: number[] = [];
    of(1, 2)
      .pipe(policy<number>(identity))
      .subscribe((value) => values.push(value));
    expect(values).toEqual([1, 2]);
  });

  it('is called as it is told, or as its function, or policy', () => {
    const twice = <T>(source: Observable<T>) => source;
    expect(String(policy(twice))).toBe('twice');
    expect(String(policy(twice, 'my-policy.v2'))).toBe('my-policy.v2');
    expect(String(policy((source) => source))).toBe('policy');
    expect(String(policy(twice.bind(undefined)))).toBe('policy');
  });

  it('of a policy is that policy', () => {
    expect(policy(never)).toBe(never);
    expect(String(policy(never, 'silence'))).toBe('silence');
  });

  it('keeps the type of what goes through it', () => {
    const compiled = () => {
      const numbers: Observable<number> = of(1).pipe(timeout(5).and(pass), policy`${pass} | ${never}`);
      const typed: Policy<number> = pass.or(policy<number>(() => of(1)));
      const mixed: Policy<number> = policy`${pass} & ${typed}`;
      // @ts-expect-error -- a policy for numbers is no policy for texts
      const texts: Policy<string> = typed;
      // @ts-expect-error -- nor one for anything
      const any: AnyPolicy = typed;
      // @ts-expect-error -- a service is no policy
      pass.and(service(() => of(1)));
      return [numbers, mixed, texts, any];
    };
    expect(compiled).toEqual(expect.any(Function));
  });
});

describe('wrong use of policies', () => {
  const refused = (code: string, message: string) =>
    expect.objectContaining({ code, message: expect.stringMatching(message) }) as Error;
  const given = (value: unknown) => value as AnyPolicy;
  const aService = service(() => NEVER, 'read');

  it.each([
    [
      'a service where a policy is needed',
      () => pass.and(given(aService)),
      '"other" must be a policy, as made by policy(operator). Received function run',
    ],
    [
      'a bare operator where a policy is needed',
      () => pass.or(given(identity)),
      '"other" must be a policy, as made by policy(operator). Received function identity',
    ],
    [
      'nothing to wrap',
      () => pass.wrap(given(undefined)),
      '"other" must be a policy, as made by policy(operator). Received undefined',
    ],
    ['no operator', () => policy(given('fast')), `"operator" must be a function. Received 'fast'`],
    ['a service in a template', () => policy`${pass} & ${given(aService)}`, '"policies[1]" must be a policy'],
    [
      'a policy where a service is needed',
      () => pass.apply(pass as unknown as typeof aService),
      '"service" must be a service, as made by service(fn). Received function run',
    ],
    [
      'a policy to make a service of',
      () => service(pass as unknown as () => Observable<string>),
      '"fn" must be a function from a request to a response, and no policy',
    ],
  ])('%s is a clear error', (_, wrong, message) => {
    expect(wrong).toThrow(refused('ERR_INVALID_ARG_TYPE', message.replace(/[[\]().]/g, '\\$&')));
  });

  it.each([
    ['an invalid name', () => policy(identity, 'a & b'), 'ERR_INVALID_ARG_VALUE'],
    ['a name that is no text', () => policy(identity, given(1) as unknown as string), 'ERR_INVALID_ARG_TYPE'],
    ['a negative delay', () => pass.hedge(pass, -1), 'ERR_OUT_OF_RANGE'],
    ['an invalid delay', () => pass.hedge(pass, given('5') as unknown as number), 'ERR_INVALID_ARG_TYPE'],
    ['an option that there is not', () => pass.hedge(pass, 1, { delay: 1 } as object), 'ERR_INVALID_ARG_VALUE'],
  ])('%s is refused', (_, wrong, code) => {
    expect(wrong).toThrow(expect.objectContaining({ code }));
  });
});
