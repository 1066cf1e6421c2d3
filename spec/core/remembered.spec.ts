import { remembered } from '../../src/core/remembered.js';

describe('remembered', () => {
  it('works each result out once', () => {
    const workOut = jest.fn((text: string) => (text === '' ? undefined : { text }));
    const recall = remembered(workOut);
    expect(recall('a')).toBe(recall('a'));
    expect([recall(''), recall('')]).toEqual([undefined, undefined]);
    expect(workOut.mock.calls).toEqual([['a'], ['']]);
  });

  it('remembers at most 1,000', () => {
    const workOut = jest.fn((text: string) => text);
    const recall = remembered(workOut);
    for (let i = 0; i < 1000; i++) recall(String(i));
    recall('0');
    expect(workOut).toHaveBeenCalledTimes(1000);
    recall('one more');
    recall('0');
    expect(workOut).toHaveBeenCalledTimes(1002);
  });
});
