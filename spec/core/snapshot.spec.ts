import { merged, MOST_SAMPLES, type Observed, type PathRecord } from '../../src/core/race/path-records.js';
import { pathsOf, validRecord } from '../../src/core/race/snapshot.js';

const known = (record: PathRecord, samples = 1): Observed => ({ record, samples });

/** In both orders. */
const together = (one: Observed, other: Observed) => {
  const record = merged(one, other);
  const { smoothedRtt, rttVariation, ...rest } = merged(other, one);
  if (smoothedRtt !== undefined) expect(smoothedRtt).toBeCloseTo(record.smoothedRtt!, 9);
  if (rttVariation !== undefined) expect(rttVariation).toBeCloseTo(record.rttVariation!, 9);
  expect(record).toMatchObject(rest);
  return record;
};

describe('what two observers know of a path', () => {
  it('[S2] has round-trip times by the weight of their samples', () => {
    const fast = { smoothedRtt: 10, rttVariation: 4 };
    const slow = { smoothedRtt: 40, rttVariation: 1 };
    expect(together(known(fast, 2), known(slow, 1))).toEqual({ smoothedRtt: 20, rttVariation: 3 });
    expect(together(known(fast, 1), known(slow, 1))).toEqual({ smoothedRtt: 25, rttVariation: 2.5 });
  });

  it('[S2] counts no more samples than a smoothed time remembers', () => {
    const many = known({ smoothedRtt: 10, rttVariation: 0 }, 1_000_000);
    const one = known({ smoothedRtt: 10 + (MOST_SAMPLES + 1), rttVariation: 0 }, 1);
    expect(together(many, one)).toEqual({ smoothedRtt: 11, rttVariation: 0 });
  });

  it('takes a time that one of them knows alone, and none where neither does', () => {
    expect(together(known({ smoothedRtt: 5 }), known({ usedAt: 3 }))).toEqual({ smoothedRtt: 5, rttVariation: 0, usedAt: 3 });
    expect(together(known({ failedAt: 1 }, 0), known({}, 0))).toEqual({ failedAt: 1 });
    expect(together(known({ smoothedRtt: 5 }, 0), known({}, 7))).toEqual({ smoothedRtt: 5, rttVariation: 0 });
  });

  it.each([
    ['a success after the failure', { failedAt: 10 }, { usedAt: 20 }, { usedAt: 20 }],
    ['a failure after the success', { failedAt: 20 }, { usedAt: 10 }, { usedAt: 10, failedAt: 20 }],
    ['both in the same instant', { failedAt: 10 }, { usedAt: 10 }, { usedAt: 10, failedAt: 10 }],
    ['two failures', { failedAt: 10 }, { failedAt: 30 }, { failedAt: 30 }],
    ['two successes', { usedAt: 10 }, { usedAt: 30 }, { usedAt: 30 }],
    ['a failure at instant 0', { failedAt: 0 }, {}, { failedAt: 0 }],
  ])('[S7] goes by what came later: %s', (_, one, other, expected) => {
    expect(together(known(one), known(other))).toEqual(expected);
  });
});

describe('a record that came from outside', () => {
  it.each([
    undefined,
    null,
    5,
    'text',
    [],
    { failedAt: 'now' },
    { usedAt: -1 },
    { smoothedRtt: NaN },
    { rttVariation: Infinity },
  ])('is invalid: %j', (given) => {
    expect(validRecord(given)).toBeUndefined();
  });

  it('keeps what records have, with no instant after now', () => {
    const given = { smoothedRtt: 500, rttVariation: 1, usedAt: 90, failedAt: 110, note: 'text' };
    expect(validRecord(given, 100)).toEqual({ smoothedRtt: 500, rttVariation: 1, usedAt: 90, failedAt: 100 });
    expect(validRecord(given)).toEqual({ smoothedRtt: 500, rttVariation: 1, usedAt: 90, failedAt: 110 });
  });
});

it('a snapshot of another version is refused', () => {
  expect(pathsOf({ version: 1, paths: { a: 5 } })).toEqual([['a', 5]]);
  expect(() => pathsOf({ version: 2, paths: {} })).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }));
  expect(() => pathsOf(null)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }));
});

it.each<[unknown, string]>([
  [null, '"snapshot" must be what snapshot() returned. Received null'],
  [{ version: 2, paths: {} }, '"snapshot" is not of a version that is known. Received 2'],
])('the error for the snapshot %j says why', (snapshot, message) => {
  expect(() => pathsOf(snapshot)).toThrow(message);
});

it('a record may hold the number 0', () => {
  const record = { smoothedRtt: 0, rttVariation: 0, usedAt: 0, failedAt: 0 };
  expect(validRecord(record)).toEqual(record);
});
