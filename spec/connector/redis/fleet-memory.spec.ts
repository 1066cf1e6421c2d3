import { FleetMemory } from '../../../src/connector/redis/fleet-memory.js';

const all = 1000;

describe('the memory of a fleet', () => {
  it('says what it has learnt once, with its round trips', () => {
    const memory = new FleetMemory(10);
    memory.set('a', { smoothedRtt: 10, rttVariation: 1, usedAt: 1 });
    memory.set('a', { smoothedRtt: 11, rttVariation: 1, usedAt: 2 });
    memory.set('b', { failedAt: 3 });
    expect(memory.say(1)).toMatchObject([{ record: { smoothedRtt: 11, usedAt: 2 }, samples: 2 }]);
    expect(memory.say(all)).toMatchObject([{ record: { failedAt: 3 }, samples: 0 }]);
    expect(memory.say(all)).toEqual([]);
  });

  it('says again what did not reach anybody, with what came since', () => {
    const memory = new FleetMemory(10);
    memory.set('a', { usedAt: 1 });
    const lost = memory.say(all);
    memory.set('a', { usedAt: 2 });
    memory.takeBack(lost);
    expect(memory.say(all)).toMatchObject([{ record: { usedAt: 2 }, samples: 2 }]);
  });

  it('hears of others, by digests that say nothing', () => {
    const [here, there] = [new FleetMemory(10), new FleetMemory(10)];
    here.set('site 2001:db8::1 "a tenant"', { failedAt: 5 });
    const said = here.say(all);
    expect(JSON.stringify(said)).not.toMatch(/site|2001|tenant/);
    there.hear(said);
    expect([...there.entries()]).toEqual([]);
    expect(there.get('site 2001:db8::1 "a tenant"')).toEqual({ failedAt: 5 });
    expect([...there.entries()]).toEqual([['site 2001:db8::1 "a tenant"', { failedAt: 5 }]]);
    expect(there.say(all)).toEqual([]);
  });

  it('merges what it hears by weight, and says of others’ nothing again', () => {
    const [here, there] = [new FleetMemory(10), new FleetMemory(10)];
    for (const usedAt of [1, 2, 3]) here.set('a', { smoothedRtt: 10, rttVariation: 0, usedAt });
    there.set('a', { smoothedRtt: 50, rttVariation: 0, usedAt: 9 });
    there.hear(here.say(all));
    expect(there.get('a')).toEqual({ smoothedRtt: 20, rttVariation: 0, usedAt: 9 });
    const others = new FleetMemory(10);
    others.hear(there.say(all));
    others.sayAgain();
    expect(others.say(all)).toEqual([]);
    there.sayAgain();
    expect(there.say(all)).toMatchObject([{ samples: 0 }]);
  });

  it('is bounded: a million records of others, and what was used last stays', () => {
    const memory = new FleetMemory(100);
    memory.set('mine', { failedAt: 1 });
    for (let page = 0; page < 1000; page++) {
      memory.hear(
        Array.from({ length: 1000 }, (_, index) => ({ id: `id ${page} ${index}`, samples: 1, record: { usedAt: index } })),
      );
    }
    expect(memory.size).toBe(100);
    expect(memory.say(all)).toEqual([]);
  });

  it('forgets', () => {
    const memory = new FleetMemory(10);
    memory.set('a', { usedAt: 1 });
    memory.clear();
    expect(memory.get('a')).toBeUndefined();
    expect(memory.say(all)).toEqual([]);
    memory.takeBack([{ id: 'gone', samples: 1, record: {} }]);
    expect(memory.say(all)).toEqual([]);
  });
});
