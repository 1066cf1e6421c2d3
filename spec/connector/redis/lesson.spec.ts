import { fromMessage, MOST_LESSONS, toMessage, type Lesson } from '../../../src/connector/redis/lesson.js';

const id = 'A-_0123456789abcdefghi';
const NOW = 1_000_000;
const lesson = (record: Lesson['record'], samples = 1): Lesson => ({ id, record, samples });

describe('a message of lessons', () => {
  it('has instants of the server’s clock, so that clocks may differ', () => {
    const said = toMessage([lesson({ smoothedRtt: 1.23456, rttVariation: 0.5, usedAt: NOW, failedAt: NOW + 1 })], 5000);
    expect(JSON.parse(said)).toEqual([[id, 1, 1.235, 0.5, NOW + 5000, NOW + 5001]]);
    // This machine's clock is seven seconds behind the server's, so two behind the writer's.
    const [heard] = fromMessage(said, 7000, NOW - 1000);
    expect(heard!.record).toEqual({ smoothedRtt: 1.235, rttVariation: 0.5, usedAt: NOW - 2000, failedAt: NOW - 1999 });
  });

  it('has no instant that lies ahead, nor before the clock began', () => {
    const said = toMessage([lesson({ usedAt: NOW + 60_000 })], 0);
    expect(fromMessage(said, 0, NOW)[0]!.record).toEqual({ usedAt: NOW });
    expect(fromMessage(toMessage([lesson({ failedAt: 5 })], 0), 60_000, NOW)[0]!.record).toEqual({ failedAt: 0 });
  });

  it.each([
    '',
    'null',
    '5',
    '{"a":1}',
    '[[',
    '[5, null, "text", {}]',
    `[["short",1,null,null,null,5]]`,
    `[["${'x'.repeat(23)}",1,null,null,null,5]]`,
    `[["${'é'.repeat(22)}",1,null,null,null,5]]`,
    `[["${id}",-1,null,null,null,5]]`,
    `[["${id}",1.5,null,null,null,5]]`,
    `[["${id}","1",null,null,null,5]]`,
    `[["${id}",1,"5",null,null,5]]`,
    `[["${id}",1,-5,null,null,5]]`,
    `[["${id}",1,1e300,null,null,5]]`,
    `[["${id}",1,null,null,{},5]]`,
  ])('is ignored where it is invalid: %s', (message) => {
    expect(fromMessage(message, 0, NOW)).toEqual([]);
  });

  it('is bounded', () => {
    const all = Array.from({ length: MOST_LESSONS + 5 }, () => lesson({ usedAt: 1 }));
    expect(fromMessage(toMessage(all, 0), 0, NOW)).toHaveLength(MOST_LESSONS);
  });

  it('keeps the good beside the bad', () => {
    expect(fromMessage(`[5, ["${id}", 2, null, null, null, 5, "more"]]`, 0, NOW)).toEqual([lesson({ failedAt: 5 }, 2)]);
  });
});
