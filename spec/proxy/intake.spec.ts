import { Intake, type Taker } from '../../src/proxy/intake.js';

/** Lets an intake receive bytes as a socket would. */
function receive({ onread }: Intake, text: string): void {
  const memory = onread.buffer();
  onread.callback(Buffer.from(memory.buffer, memory.byteOffset, memory.length).write(text), memory);
}

function isNext(intake: Intake): boolean {
  return Intake.next() === intake;
}

describe('the intake of a socket that has closed', () => {
  const free: Taker = () => 'free';

  it('is used for the next socket', () => {
    const intake = Intake.next();
    intake.begin(free);
    receive(intake, 'bytes');
    intake.end();
    expect(isNext(intake)).toBe(true);
  });

  it('is used for one socket only, even if it ends twice', () => {
    const intake = Intake.next();
    intake.begin(free);
    intake.end();
    intake.end();
    expect(isNext(intake)).toBe(true);
    expect(isNext(intake)).toBe(false);
  });

  it.each([
    ['wait to be written', 'bytes', 'kept'],
    ['have stopped the reading', 'bytes', 'full'],
    ['filled a buffer, which is then a large one', 'bytes'.repeat(1000), 'free'],
  ] as const)('is not used again if its bytes %s', (_, text, state) => {
    const intake = Intake.next();
    intake.begin(() => state);
    receive(intake, text);
    intake.end();
    expect(isNext(intake)).toBe(false);
  });

  it('has forgotten its taker: what the next socket receives before it is passed on waits for the next taker', () => {
    const intake = Intake.next();
    const [former, next] = [jest.fn(free), jest.fn(free)];
    intake.begin(former);
    intake.end();
    expect(isNext(intake)).toBe(true);
    receive(intake, 'early');
    intake.begin(next);
    expect(former).not.toHaveBeenCalled();
    expect(next.mock.calls.map(([bytes]) => Buffer.from(bytes).toString())).toEqual(['early']);
  });
});
