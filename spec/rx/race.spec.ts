import { answers, expectRace } from '../support/marbles.js';

// In these diagrams `s` and `t` are IPv6 endpoints, `e` and `f` IPv4 ones; an attempt's letter is its connection. The
// Resolution Delay is 5 frames, the Connection Attempt Delay 10.

describe('the race, in marbles', () => {
  it('[A1] starts one attempt at a time, the delay apart, and lets those that were started go on', () => {
    expectRace(() => ({
      dns: ['         (ab|)', { a: answers('st'), b: answers('ef') }],
      attempts: { s: '-------------------------s', e: '---------------e', t: '-' },
      lives: {
        s: '          ^------------------------!',
        e: '          ----------^--------------!',
        t: '          --------------------^----!',
      },
      winner: ['      -------------------------(s|)'],
    }));
  });

  it('[A2] starts the next at once when the latest fails', () => {
    expectRace(() => ({
      dns: ['         (ab|)', { a: answers('st'), b: answers('ef') }],
      attempts: { s: '---#', e: '--#', t: '---t' },
      lives: {
        s: '          ^--!',
        e: '          ---^-!',
        t: '          -----^--!',
      },
      winner: ['      --------(t|)'],
    }));
  });

  it('[A2] does not hurry when it is not the latest that fails', () => {
    expectRace(() => ({
      dns: ['         (ab|)', { a: answers('st'), b: answers('ef') }],
      attempts: { s: '------------#', e: '-', t: '---t' },
      lives: {
        s: '          ^-----------!',
        e: '          ----------^------------!',
        t: '          --------------------^--!',
      },
      winner: ['      -----------------------(t|)'],
    }));
  });

  it('[R3] does not wait for A once AAAA has come', () => {
    expectRace(() => ({
      dns: ['         --a----------------q|', { a: answers('s'), q: answers('e') }],
      attempts: { s: '---s' },
      lives: { s: '    --^--!' },
      winner: ['      -----(s|)'],
    }));
  });

  it('[R4] holds an early A answer for the Resolution Delay, then starts with it', () => {
    expectRace(() => ({
      dns: ['         --q-------a|', { a: answers('s'), q: answers('e') }],
      attempts: { e: '-----e', s: '-' },
      lives: { e: '    -------^----!' },
      winner: ['      ------------(e|)'],
    }));
  });

  it('[R4] gives up the Resolution Delay for AAAA that comes within it, and alternates families', () => {
    expectRace(() => ({
      dns: ['         --q--a|', { a: answers('s'), q: answers('e') }],
      attempts: { s: '---------------s', e: '---e' },
      lives: {
        s: '          -----^------------!',
        e: '          ---------------^--!',
      },
      winner: ['      ------------------(e|)'],
    }));
  });

  it('[R5] ends the wait at once with a negative AAAA answer', () => {
    expectRace(() => ({
      dns: ['         --q-n---|', { n: { type: 'AAAA', addresses: [] }, q: answers('e') }],
      attempts: { e: '---e' },
      lives: { e: '    ----^--!' },
      winner: ['      -------(e|)'],
    }));
  });

  it('[R7] lets a late answer join as if it had been there from the start, without what was started', () => {
    expectRace(() => ({
      dns: ['         q-------a|', { a: answers('st'), q: answers('ef') }],
      attempts: { e: '-', s: '-', t: '-', f: '--f' },
      lives: {
        e: '          -----^-------------------------------!',
        s: '          ---------------^---------------------!',
        t: '          -------------------------^-----------!',
        f: '          -----------------------------------^-!',
      },
      winner: ['      -------------------------------------(f|)'],
    }));
  });

  it('[A5] starts an attempt that was held back as soon as a slot is free', () => {
    expectRace(() => ({
      options: { maxConcurrentAttempts: 2 },
      dns: ['         (ab|)', { a: answers('st'), b: answers('ef') }],
      attempts: { s: '-----------------------#', e: '-', t: '---t' },
      lives: {
        s: '          ^----------------------!',
        e: '          ----------^---------------!',
        t: '          -----------------------^--!',
      },
      winner: ['      --------------------------(t|)'],
    }));
  });

  it('[A5] gives a slot that becomes free to the best candidate of then, not of when it was due', () => {
    expectRace(() => ({
      options: { maxConcurrentAttempts: 1 },
      dns: ['         q---------------a|', { a: answers('s'), q: answers('ef') }],
      attempts: { e: '---------------------#', s: '--s' },
      lives: {
        e: '          -----^--------------------!',
        s: '          --------------------------^-!',
      },
      winner: ['      ----------------------------(s|)'],
    }));
  });

  it('[A15] lets the oldest give way once it has had its time, when the cap is reached and another is due', () => {
    expectRace(() => ({
      options: { maxConcurrentAttempts: 2, minimumConnectionAttemptDelay: 10, maximumConnectionAttemptDelay: 25 },
      dns: ['         (ab|)', { a: answers('st'), b: answers('ef') }],
      attempts: { s: '-', e: '-', t: '-', f: '--f' },
      lives: {
        s: '          ^------------------------!',
        e: '          ----------^------------------------!',
        t: '          -------------------------^-----------!',
        f: '          -----------------------------------^-!',
      },
      winner: ['      -------------------------------------(f|)'],
    }));
  });

  it('[A15] lets nothing give way before another is due, and then at once', () => {
    expectRace(() => ({
      options: { maxConcurrentAttempts: 1, minimumConnectionAttemptDelay: 10, maximumConnectionAttemptDelay: 15 },
      dns: ['         a----------------------q|', { a: answers('s'), q: answers('e') }],
      attempts: { s: '-', e: '--e' },
      lives: {
        s: '          ^----------------------!',
        e: '          -----------------------^-!',
      },
      winner: ['      -------------------------(e|)'],
    }));
  });

  it('[A15] lets one family give way to the other with per-family pacing', () => {
    expectRace(() => ({
      options: {
        familyStaggerDelay: 15,
        attemptSpacingDelay: 10,
        maxConcurrentAttempts: 2,
        minimumConnectionAttemptDelay: 10,
        maximumConnectionAttemptDelay: 25,
      },
      dns: ['         (ab|)', { a: answers('st'), b: answers('e') }],
      attempts: { s: '-', t: '-', e: '---e' },
      lives: {
        s: '          ^------------------------!',
        t: '          ----------^-----------------!',
        e: '          -------------------------^--!',
      },
      winner: ['      ----------------------------(e|)'],
    }));
  });

  it('[A16] makes the delay longer with each attempt in flight, and shorter again when one has failed', () => {
    expectRace(() => ({
      options: { connectionAttemptDelayMultiplier: 1.5 },
      dns: ['         (ab|)', { a: answers('st'), b: answers('ef') }],
      attempts: { s: '-------------------------------#', e: '-', t: '-', f: '--f' },
      lives: {
        s: '          ^------------------------------!',
        e: '          ----------^-------------------------------!',
        t: '          -------------------------^----------------!',
        f: '          ----------------------------------------^-!',
      },
      winner: ['      ------------------------------------------(f|)'],
    }));
  });

  it('[A6] ends the losers with the first connection', () => {
    expectRace(() => ({
      dns: ['         (ab|)', { a: answers('s'), b: answers('e') }],
      attempts: { s: '----------------s', e: '---e' },
      lives: {
        s: '          ^------------!',
        e: '          ----------^--!',
      },
      winner: ['      -------------(e|)'],
    }));
  });

  it('[A7] is out of time after connectTimeout, look-up included', () => {
    expectRace(() => ({
      options: { connectTimeout: 20 },
      dns: ['         -----a|', { a: answers('s') }],
      attempts: { s: '-' },
      lives: { s: '    -----^--------------!' },
      winner: ['      --------------------#', undefined, expect.objectContaining({ code: 'ETIMEDOUT', reason: 'timeout' })],
    }));
  });

  it('[A7] says how many addresses time did not suffice for', () => {
    expectRace(() => ({
      options: { connectTimeout: 4 },
      dns: ['         (ab|)', { a: answers('s'), b: answers('e') }],
      attempts: { s: '-', e: '-' },
      lives: { s: '     ^---!' },
      winner: [
        '      ----#',
        undefined,
        expect.objectContaining({ message: expect.stringContaining('1 more address was not tried') as string }),
      ],
    }));
  });

  it('[A8] ends an attempt after attemptTimeout, and so starts the next', () => {
    expectRace(() => ({
      options: { attemptTimeout: 4 },
      dns: ['         (ab|)', { a: answers('s'), b: answers('e') }],
      attempts: { s: '---------s', e: '---e' },
      lives: {
        s: '          ^---!',
        e: '          ----^--!',
      },
      winner: ['      -------(e|)'],
    }));
  });

  it('[A9] paces each family by itself: the other starts at the stagger, each goes on by the spacing', () => {
    expectRace(() => ({
      options: { familyStaggerDelay: 15, attemptSpacingDelay: 10 },
      dns: ['         (ab|)', { a: answers('st'), b: answers('ef') }],
      attempts: { s: '-', t: '-', e: '-', f: '--f' },
      lives: {
        s: '          ^--------------------------!',
        t: '          ----------^----------------!',
        e: '          ---------------^-----------!',
        f: '          -------------------------^-!',
      },
      winner: ['      ---------------------------(f|)'],
    }));
  });

  it('[A9] starts the other family at once when nothing of the preferred is in flight', () => {
    expectRace(() => ({
      options: { familyStaggerDelay: 15, attemptSpacingDelay: 10 },
      dns: ['         (ab|)', { a: answers('st'), b: answers('e') }],
      attempts: { s: '--#', t: '-', e: '---e' },
      lives: {
        s: '          ^-!',
        t: '          --^--!',
        e: '          --^--!',
      },
      winner: ['      -----(e|)'],
    }));
  });

  it('[A10] with enabled: false makes one attempt after another, in the same order and after the same Resolution Delay', () => {
    expectRace(() => ({
      options: { enabled: false },
      dns: ['         q---a|', { a: answers('st'), q: answers('e') }],
      attempts: { s: '--------------------#', e: '----#', t: '---t' },
      lives: {
        s: '          ----^-------------------!',
        e: '          ------------------------^---!',
        t: '          ----------------------------^--!',
      },
      winner: ['      -------------------------------(t|)'],
    }));
  });

  it('[A13] ends look-up and attempts when it is unsubscribed', () => {
    expectRace(() => ({
      dns: ['         a---------------------q|', { a: answers('st'), q: answers('e') }],
      attempts: { s: '-', t: '-' },
      lives: {
        s: '          ^------------!',
        t: '          ----------^--!',
      },
      winner: ['      -------------------'],
      unsubscribed: ' -------------!',
    }));
  });

  it('[R6] waits for IPv4 where it is preferred', () => {
    expectRace(() => ({
      options: { preferFamily: 4 },
      dns: ['         a--q|', { a: answers('s'), q: answers('e') }],
      attempts: { e: '-', s: '--s' },
      lives: {
        e: '          ---^-----------!',
        s: '          -------------^-!',
      },
      winner: ['      ---------------(s|)'],
    }));
  });
});
