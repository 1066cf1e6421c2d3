import { PassThrough, Writable } from 'node:stream';
import { main } from '../../src/cli/main.js';
import type { Output, Terminal } from '../../src/cli/terminal.js';

// Of whatever shell runs the specs.
process.env.LC_ALL = 'C.UTF-8';
delete process.env.FORCE_COLOR;
delete process.env.NO_COLOR;

/** A terminal that keeps what is written to it, and can be interrupted. */
export interface FakeTerminal extends Terminal {
  readonly stdin: PassThrough;
  readonly written: { stdout: string; stderr: string };
  interrupt(): void;
  /** Gives both outputs another width, as the user of a terminal does. */
  resize(columns: number): void;
  /** How many wait for Ctrl-C. */
  listening(): number;
}

/** What a terminal is like. */
export interface Look {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  readonly colors?: boolean;
}

export function fakeTerminal({ isTTY = false, columns, rows, colors = false }: Look = {}): FakeTerminal {
  const written = { stdout: '', stderr: '' };
  const output = (name: 'stdout' | 'stderr'): Output =>
    Object.assign(
      new Writable({
        write(chunk: Buffer, _, done) {
          written[name] += chunk.toString();
          done();
        },
      }),
      { isTTY, columns, rows, hasColors: () => colors },
    );
  const [stdout, stderr] = [output('stdout'), output('stderr')];
  const listeners = new Set<() => void>();
  return {
    stdin: new PassThrough(),
    stdout,
    stderr,
    written,
    on: (_, listener) => listeners.add(listener),
    once: (_, listener) => listeners.add(listener),
    off: (_, listener) => listeners.delete(listener),
    resize(columns) {
      for (const stream of [stdout, stderr]) Object.assign(stream, { columns }).emit('resize');
    },
    interrupt() {
      for (const listener of [...listeners]) {
        listeners.delete(listener);
        listener();
      }
    },
    listening: () => listeners.size,
  };
}

/** Runs the command line in this process, with a terminal that is kept. */
export async function runMain(
  argv: readonly string[],
  { interruptAfter = Infinity, ...look }: Look & { interruptAfter?: number } = {},
) {
  const terminal = fakeTerminal(look);
  const timer = interruptAfter < Infinity ? setTimeout(terminal.interrupt, interruptAfter) : undefined;
  const status = await main(argv, terminal);
  clearTimeout(timer);
  expect(terminal.listening()).toBe(0);
  return { status, ...terminal.written };
}
