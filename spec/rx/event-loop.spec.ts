import { EventLoop } from '../../src/rx/event-loop.js';

/** Handles letters, each of which may bring others about; `handled` is the order in which they are. */
function letters(reactions: Partial<Record<string, (loop: EventLoop<string>) => void>> = {}) {
  const handled: string[] = [];
  const loop = new EventLoop<string>((letter) => {
    handled.push(letter);
    reactions[letter]?.(loop);
    handled.push(`/${letter}`);
  });
  return { loop, order: () => handled.join(' ') };
}

describe('the event loop', () => {
  it('handles nothing before it is opened, and then what waits in order', () => {
    const { loop, order } = letters();
    loop.raise('a');
    loop.raise('b');
    expect(order()).toBe('');
    loop.open();
    loop.raise('c');
    expect(order()).toBe('a /a b /b c /c');
  });

  it('lets what is raised while an event is handled wait for its turn, after all that waits', () => {
    const { loop, order } = letters({ a: (loop) => loop.raise('c') });
    loop.raise('a');
    loop.raise('b');
    loop.open();
    expect(order()).toBe('a /a b /b c /c');
  });

  it('handles what follows from an event before what waits', () => {
    const { loop, order } = letters({
      a: (loop) => {
        loop.raise('c');
        loop.follow('d');
      },
    });
    loop.raise('a');
    loop.raise('b');
    loop.open();
    expect(order()).toBe('a /a d /d b /b c /c');
  });

  it('says whether something waits', () => {
    const seen: boolean[] = [];
    const { loop } = letters({ a: (loop) => seen.push(loop.isPending), b: (loop) => seen.push(loop.isPending) });
    loop.raise('a');
    loop.raise('b');
    loop.open();
    expect(seen).toEqual([true, false]);
  });

  it('handles nothing after it was stopped, and gives back what was waiting', () => {
    let left: string[] = [];
    const { loop, order } = letters({ a: (loop) => (left = loop.stop()) });
    for (const letter of 'abc') loop.raise(letter);
    loop.open();
    loop.raise('d');
    expect(left).toEqual(['b', 'c']);
    expect(order()).toBe('a /a');
  });

  it('does not deepen the stack, however many events each bring the next about', () => {
    let left = 100_000;
    const loop = new EventLoop<number>(() => {
      if (left-- > 0) loop.raise(left);
    });
    loop.open();
    loop.raise(0);
    expect(left).toBe(-1);
  });

  it('goes on after a handler that throws', () => {
    const { loop, order } = letters({
      a: () => {
        throw new Error('broken');
      },
    });
    loop.open();
    expect(() => loop.raise('a')).toThrow('broken');
    loop.raise('b');
    expect(order()).toBe('a b /b');
  });
});
