import fc from 'fast-check';
import { Crowd, type Member } from '../../src/proxy/crowd.js';

describe('a crowd', () => {
  const member = (): Member => ({ place: -1 });

  it('has the same members as a set after any sequence of additions and deletions', () => {
    const steps = fc.array(fc.tuple(fc.boolean(), fc.nat(9)), { maxLength: 60 });
    fc.assert(
      fc.property(steps, (all) => {
        const people = Array.from({ length: 10 }, member);
        const [crowd, set] = [new Crowd(), new Set<Member>()];
        for (const [comes, who] of all) {
          const one = people[who]!;
          if (comes && !set.has(one)) {
            crowd.add(one);
            set.add(one);
          } else {
            crowd.delete(one);
            set.delete(one);
          }
        }
        expect(crowd.size).toBe(set.size);
        expect(new Set(crowd)).toEqual(set);
        expect([...crowd]).toHaveLength(set.size);
      }),
      { seed: 18 },
    );
  });

  it('does not mind one that was never in it, or has left', () => {
    const crowd = new Crowd();
    const [stays, leaves] = [member(), member()];
    crowd.add(stays);
    crowd.delete(member());
    crowd.add(leaves);
    crowd.delete(leaves);
    crowd.delete(leaves);
    expect([...crowd]).toEqual([stays]);
  });

  it('shows each present member once, even if they leave meanwhile', () => {
    const crowd = new Crowd();
    const people = Array.from({ length: 5 }, member);
    for (const one of people) crowd.add(one);
    const seen: Member[] = [];
    for (const one of crowd) {
      seen.push(one);
      crowd.delete(one);
    }
    expect(seen).toEqual(people);
    expect(crowd.size).toBe(0);
  });
});
