import { live } from '../../src/cli/live-view.js';
import { fakeTerminal } from '../support/terminal.js';

/** What has been written since the last look. */
function watched(terminal = fakeTerminal({ isTTY: true, columns: 20, rows: 10 })) {
  const { stderr } = terminal;
  let seen = 0;
  const written = () => {
    const { length } = terminal.written.stderr;
    const text = terminal.written.stderr.slice(seen);
    seen = length;
    return text;
  };
  return { terminal, written, screen: live(stderr) };
}

describe('lines that are drawn in place', () => {
  it('leave the cursor below, so that the ^C of Ctrl-C is wiped away with them', () => {
    const { screen, written } = watched();
    screen.draw('one\ntwo');
    expect(written()).toBe('one\ntwo\n');
    screen.draw('three');
    expect(written()).toBe('\r\x1b[2A\x1b[Jthree\n');
    screen.clear();
    expect(written()).toBe('\r\x1b[1A\x1b[J');
    screen.clear();
    expect(written()).toBe('');
  });

  it('are wiped away whole where a resize has wrapped them', () => {
    const { terminal, screen, written } = watched();
    screen.draw(`${'x'.repeat(20)}\nshort\n\u6f22\u5b57\u6f22\u5b57\u6f22\u5b57`);
    written();
    terminal.resize(10);
    screen.clear();
    expect(written()).toBe('\r\x1b[5A\x1b[J'); // two rows, one, and two for twelve columns of ideographs
  });

  it('are the last where the terminal has too few rows', () => {
    const { screen, written } = watched(fakeTerminal({ isTTY: true, columns: 20, rows: 3 }));
    screen.draw('a\nb\nc\nd');
    expect(written()).toBe('c\nd\n');
  });

  it('are nothing where there is no terminal', () => {
    const { screen, written } = watched(fakeTerminal());
    screen.draw('one');
    screen.clear();
    expect(written()).toBe('');
  });
});
