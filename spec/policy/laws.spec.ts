import fc from 'fast-check';
import { of, VirtualTimeScheduler } from 'rxjs';
import { fail, never, pass, policy, type Policy } from '../../src/policy/index.js';
import { outcomeOf, parts, policyOf, type Outcome, type Part, type Trace } from '../support/policies.js';
import { runs } from '../support/runs.js';

type P = Policy<string>;

const OPERATORS = ['+', '&', '|'] as const;
type Sign = (typeof OPERATORS)[number];

const join = (left: P, sign: Sign, right: P): P =>
  sign === '+' ? left.wrap(right) : sign === '&' ? left.and(right) : left.or(right);

/** An expression in plain data, without parentheses but around groups. */
type Item = Part | Chain;
interface Chain {
  readonly items: readonly Item[];
  readonly signs: readonly Sign[];
}

/** A chain of parts that are grouped by chance. */
const grouped = (list: readonly Part[], signs: readonly Sign[], cuts: readonly number[]): Chain => {
  const [cut, ...others] = cuts;
  if (cut === undefined || list.length < 3) return { items: list, signs: signs.slice(0, list.length - 1) };
  const [from, to] = [cut % (list.length - 1), Math.min((cut % (list.length - 1)) + 2 + (cut % 2), list.length)];
  const inner = grouped(list.slice(from, to), signs.slice(from, to - 1), others);
  return {
    items: [...list.slice(0, from), inner, ...list.slice(to)],
    signs: [...signs.slice(0, from), ...signs.slice(to - 1, list.length - 1)],
  };
};

const chains: fc.Arbitrary<Chain> = fc
  .tuple(
    parts(1, 7),
    fc.array(fc.constantFrom(...OPERATORS), { minLength: 6, maxLength: 6 }),
    fc.array(fc.nat(20), { maxLength: 3 }),
  )
  .map(([list, signs, cuts]) => grouped(list, signs, cuts));

const isChain = (item: Item): item is Chain => 'items' in item;

const partsOf = (item: Item): readonly Part[] => (isChain(item) ? item.items.flatMap(partsOf) : [item]);

const written = (item: Item, inside = true): string => {
  if (!isChain(item)) return item.name;
  const text = item.items.map((one, i) => (i === 0 ? '' : ` ${item.signs[i - 1]!} `) + written(one)).join('');
  return inside ? `(${text})` : text;
};

/** What a chain means, without a parser: it is cut at its loosest sign, again and again. */
const meaning = (item: Item, trace: Trace): P => {
  if (!isChain(item)) return policyOf(item, trace);
  const { items, signs } = item;
  const loosest = (['|', '&', '+'] as const).find((sign) => signs.includes(sign));
  if (loosest === undefined) return meaning(items[0]!, trace);
  const at = signs.lastIndexOf(loosest);
  const left = meaning({ items: items.slice(0, at + 1), signs: signs.slice(0, at) }, trace);
  const right = meaning({ items: items.slice(at + 1), signs: signs.slice(at + 1) }, trace);
  return join(left, loosest, right);
};

/** Reads a text whose words are names of parts. */
const read = (text: string, list: readonly Part[], trace: Trace): P => {
  const strings = text.split(/[a-z]/);
  const operands = [...text.matchAll(/[a-z]/g)].map(([name]) =>
    policyOf(
      list.find((part) => part.name === name)!,
      trace,
    ),
  );
  return policy(Object.assign(strings, { raw: strings }), ...operands);
};

const result = ({ started, ...rest }: Outcome) => ({ ...rest, started: [...started].sort() });

const RUNS = { numRuns: runs(500) };

describe('the laws of policies, in virtual time', () => {
  it.each(OPERATORS)('%s is associative', (sign) => {
    fc.assert(
      fc.property(parts(3, 3), (list) => {
        const all = (trace: Trace) => list.map((part) => policyOf(part, trace)) as [P, P, P];
        const leftFirst = outcomeOf((trace) => {
          const [a, b, c] = all(trace);
          return join(join(a, sign, b), sign, c);
        });
        const rightFirst = outcomeOf((trace) => {
          const [a, b, c] = all(trace);
          return join(a, sign, join(b, sign, c));
        });
        expect(result(rightFirst)).toEqual(result(leftFirst));
      }),
      RUNS,
    );
  });

  it('[H1] & commutes in its winner where times differ', () => {
    fc.assert(
      fc.property(chains, chains, (one, other) => {
        const renamed = rename(other);
        const there = outcomeOf((trace) => meaning(one, trace).and(meaning(renamed, trace)));
        const back = outcomeOf((trace) => meaning(renamed, trace).and(meaning(one, trace)));
        expect([back.value, back.at]).toEqual([there.value, there.at]);
        expect([...(back.causes ?? [])].sort()).toEqual([...(there.causes ?? [])].sort());
      }),
      RUNS,
    );
  });

  it('[H2] | does not start the right on success', () => {
    let successes = 0;
    fc.assert(
      fc.property(chains, chains, (one, other) => {
        const alone = outcomeOf((trace) => meaning(one, trace));
        const both = outcomeOf((trace) => meaning(one, trace).or(meaning(rename(other), trace)));
        if (alone.value === undefined) return;
        successes++;
        expect(both).toEqual(alone);
      }),
      RUNS,
    );
    expect(successes).toBeGreaterThan(RUNS.numRuns / 10);
  });

  it.each<[string, (a: P) => P, (a: P) => P]>([
    ['pass + a = a', (a) => pass.wrap(a), (a) => a],
    ['a + pass = a', (a) => a.wrap(pass), (a) => a],
    ['fail | a = a', (a) => fail.or(a), (a) => a],
    ['a | fail = a', (a) => a.or(fail), (a) => a],
    ['fail & a = a', (a) => fail.and(a), (a) => a],
    ['a & fail = a', (a) => a.and(fail), (a) => a],
    ['never | a = never', (a) => never.or(a), () => policy<string>(never)],
    ['never + a = never', (a) => never.wrap(a), () => policy<string>(never)],
    ['fail + a = fail', (a) => fail.wrap(a), () => policy<string>(fail)],
    ['pass | a = pass', (a) => pass.or(a), () => policy<string>(pass)],
    ['pass & a = pass', (a) => pass.and(a), () => policy<string>(pass)],
  ])('%s', (_, left, right) => {
    fc.assert(
      fc.property(chains, (chain) => {
        const [one, other] = [left, right].map((side) => outcomeOf((trace) => side(meaning(chain, trace))));
        expect(withoutFail(one!)).toEqual(withoutFail(other!));
      }),
      RUNS,
    );
  });

  it('never & a is a where that succeeds, and never otherwise', () => {
    fc.assert(
      fc.property(chains, (chain) => {
        const alone = outcomeOf((trace) => meaning(chain, trace));
        for (const beside of [(a: P) => never.and(a), (a: P) => a.and(never)]) {
          const both = outcomeOf((trace) => beside(meaning(chain, trace)));
          if (alone.value === undefined) expect(both.hangs).toBe(true);
          else expect(both).toEqual(alone);
        }
      }),
      RUNS,
    );
  });

  it('[H2] the template keeps + before & before |, as an evaluation without a parser has it', () => {
    fc.assert(
      fc.property(chains, (chain) => {
        const evaluated = outcomeOf((trace) => meaning(chain, trace));
        const templated = outcomeOf((trace) => read(written(chain, false), partsOf(chain), trace));
        expect(templated).toEqual(evaluated);
      }),
      RUNS,
    );
  });

  it('what a policy prints is read back as the same policy, and every pair of parentheses in it is needed', () => {
    fc.assert(
      fc.property(chains, (chain) => {
        const list = partsOf(chain);
        const idle: Trace = { scheduler: new VirtualTimeScheduler(), running: 0, started: [] };
        const printed = String(meaning(chain, idle));
        expect(String(read(printed, list, idle))).toBe(printed);
        expect(outcomeOf((trace) => read(printed, list, trace))).toEqual(outcomeOf((trace) => meaning(chain, trace)));
        for (const shorter of withoutOnePair(printed)) expect(String(read(shorter, list, idle))).not.toBe(printed);
      }),
      RUNS,
    );
  });

  it('nothing is running when the result has come, nor after unsubscription at any moment', async () => {
    await fc.assert(
      fc.asyncProperty(chains, chains, fc.nat(50), fc.nat(120), async (one, other, delay, stopAt) => {
        const scheduler = new VirtualTimeScheduler();
        const trace: Trace = { scheduler, running: 0, started: [] };
        const told: number[] = [];
        const tell = () => told.push(trace.running);
        const hedged = meaning(one, trace).hedge(meaning(rename(other), trace), delay, { scheduler });
        const subscription = of('x').pipe(hedged).subscribe({ error: tell, complete: tell });
        scheduler.schedule(() => {
          subscription.unsubscribe();
          told.push(trace.running);
          expect(scheduler.actions.filter(({ closed }) => !closed)).toEqual([]);
        }, stopAt);
        scheduler.flush();
        await Promise.resolve();
        expect(told.length).toBeGreaterThan(0);
        expect(told.filter((running) => running !== 0)).toEqual([]);
        expect(trace.running).toBe(0);
      }),
      RUNS,
    );
  });
});

/** The same with other names, and with other traces in its times. */
function rename<I extends Item>(item: I): I {
  if (!isChain(item)) return { ...item, name: String.fromCharCode(item.name.charCodeAt(0) + 13), after: item.after + 2 ** -20 };
  return { ...item, items: item.items.map(rename) };
}

/** `fail` is known by its cause. */
function withoutFail({ causes, started, ...rest }: Outcome) {
  const others = causes?.filter((cause) => cause !== 'ERR_POLICY_FAIL');
  return { ...rest, ...(causes && { causes: others }), started: rest.value === undefined ? [] : started };
}

function withoutOnePair(text: string): string[] {
  const characters = Array.from(text);
  return characters.flatMap((character, open) => {
    if (character !== '(') return [];
    let depth = 0;
    const close = characters.findIndex((other, i) => i >= open && (depth += other === '(' ? 1 : other === ')' ? -1 : 0) === 0);
    return [text.slice(0, open) + text.slice(open + 1, close) + text.slice(close + 1)];
  });
}
