import { firstValueFrom, of, throwError } from 'rxjs';
import { fail, never, pass, policy, retry, service, type AnyPolicy } from '../../src/policy/index.js';
import { templateOf } from '../support/policies.js';
import { causesOf, flatten } from '../../src/core/error-tools.js';

const joinAll = (count: number, join: (left: AnyPolicy, right: AnyPolicy) => AnyPolicy, last: AnyPolicy = pass) =>
  join(Array.from({ length: count - 2 }, () => fail).reduce<AnyPolicy>(join, fail), last);

const template = (text: string, ...policies: readonly AnyPolicy[]) => policy(templateOf(text.split('$')), ...policies);

describe('many policies', () => {
  it.each<[string, (left: AnyPolicy, right: AnyPolicy) => AnyPolicy]>([
    ['|', (left, right) => left.or(right)],
    ['&', (left, right) => left.and(right)],
  ])('5,000 joined by %s are as deep as two, from either side', async (_, join) => {
    await expect(firstValueFrom(of('s').pipe(joinAll(5000, join)))).resolves.toBe('s');
    await expect(firstValueFrom(of('s').pipe(joinAll(5000, (left, right) => join(right, left))))).resolves.toBe('s');
  });

  it('400 joined by | that all fail tell of each, in order', async () => {
    const parts = Array.from({ length: 400 }, (_, i) => policy(() => throwError(() => new Error(String(i))), `p${i}`));
    const all = parts.reduce((left, right) => left.or(right));
    const error: unknown = await firstValueFrom(of('s').pipe(all)).catch((thrown: unknown) => thrown);
    expect((error as AggregateError).errors.map(({ message }: Error) => message)).toEqual(parts.map((_, i) => String(i)));
    expect((error as Error).message).toMatch(/^p0 \| p1 \| .* and 380 more$/s);
  });

  it('400 services joined by | are asked one after the other', async () => {
    const asked: number[] = [];
    const ask = (i: number) =>
      service((request: string) => {
        asked.push(i);
        return i < 399 ? throwError(() => new Error('down')) : of(request);
      }, `s${i}`);
    const all = Array.from({ length: 400 }, (_, i) => ask(i)).reduce((left, right) => left.or(right));
    await expect(firstValueFrom(all('r'))).resolves.toBe('r');
    expect(asked).toEqual(Array.from({ length: 400 }, (_, i) => i));
  });

  it('are refused with a clear error where they are nested too deep to be run', () => {
    const error = {
      name: 'RangeError',
      code: 'ERR_OUT_OF_RANGE',
      message: expect.stringContaining('levels of the expression') as unknown,
    };
    expect(() => joinAll(400, (left, right) => left.hedge(right, 5))).toThrow(expect.objectContaining(error));
    expect(() => joinAll(400, (left, right) => left.wrap(right))).toThrow(expect.objectContaining(error));
    let nested: AnyPolicy = pass;
    const deepen = () => {
      for (let i = 0; i < 400; i++) nested = i % 2 ? nested.or(fail) : nested.and(never);
    };
    expect(deepen).toThrow(expect.objectContaining(error));
  });

  it('run where they are as deep as they may be', async () => {
    const hedges = joinAll(100, (left, right) => left.hedge(right, 5));
    const wraps = Array.from({ length: 100 }, () => retry(1)).reduce<AnyPolicy>((left, right) => left.wrap(right), pass);
    let mixed: AnyPolicy = pass;
    for (let i = 0; i < 100; i++) mixed = i % 2 ? fail.or(mixed) : never.and(mixed);
    for (const one of [hedges, wraps, mixed]) await expect(firstValueFrom(of('s').pipe(one))).resolves.toBe('s');
  });
});

describe('a template', () => {
  it('may have 5,000 parentheses, one in the other', () => {
    expect(String(template(`${'('.repeat(5000)}$${')'.repeat(5000)}`, pass))).toBe('pass');
    expect(
      String(template(`${'('.repeat(5000)}$${' + $)'.repeat(50)}${')'.repeat(4950)}`, ...Array<AnyPolicy>(51).fill(pass))),
    ).toMatch(/^pass \+ pass/);
  });

  it('names the place where 5,000 parentheses are not closed, with the text around it alone', () => {
    expect(() => template(`${'('.repeat(5000)}$`, pass)).toThrow(
      /^expected "\+", "&", "\|" or "\)", but found the end\n {2}\({53}\$\{pass\}\n +\^$/,
    );
  });
});

describe('5,000 errors, each within the other', () => {
  const nested = (count: number) => {
    let error: Error = new Error('innermost');
    for (let i = 0; i < count; i++) error = new AggregateError([error]);
    return error;
  };

  it('are one cause', () => {
    expect(flatten(nested(5000)).map(({ message }) => message)).toEqual(['innermost']);
    expect(causesOf(nested(5000))).toMatchObject([{ message: 'innermost' }]);
  });

  it('are opened once, where they hold each other twice', () => {
    let error: Error = new Error('innermost');
    for (let i = 0; i < 5000; i++) error = new AggregateError([error, error]);
    expect(flatten(error)).toHaveLength(5001);
    expect(causesOf(error)).toHaveLength(5001);
  });

  it('keep what is no Error, and an error that holds itself', () => {
    const circular = new AggregateError(['text', null], 'circular');
    circular.errors.push(circular);
    expect(flatten(circular).map(({ message }) => message)).toEqual([
      'text was thrown, which is not an Error',
      'null was thrown, which is not an Error',
      'circular',
    ]);
    expect(causesOf(circular)).toEqual(['text', null, circular]);
  });
});
