import { causesOf } from '../../src/core/error-tools.js';
import { combinedError } from '../../src/core/combined-error.js';

describe('combinedError', () => {
  it('says what has failed, and why, in order', () => {
    const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    const error = combinedError('a & b', [refused, 'text', new Error('last')]);
    expect(error.message).toBe('a & b: ECONNREFUSED; text was thrown, which is not an Error; last');
    expect(error.errors).toEqual([refused, 'text', new Error('last')]);
  });

  it('tells of twenty causes, and keeps all', () => {
    const causes = Array.from({ length: 22 }, (_, i) => new Error(`e${i}`));
    const { message, errors } = combinedError('a', causes);
    expect(message).toMatch(/; e19; and 2 more$/);
    expect(errors).toEqual(causes);
  });
});

describe('causesOf', () => {
  it('are those of nested AggregateErrors, in order', () => {
    const inner = new AggregateError(['b', new AggregateError(['c'])]);
    expect(causesOf(new AggregateError(['a', inner, 'd']))).toEqual(['a', 'b', 'c', 'd']);
  });

  it('are the error itself where it names none, or is its own', () => {
    const empty = new AggregateError([]);
    const own = new AggregateError(['a']);
    own.errors.push(own);
    expect(causesOf(empty)).toEqual([empty]);
    expect(causesOf(own)).toEqual(['a', own]);
    expect(causesOf('text')).toEqual(['text']);
  });
});
