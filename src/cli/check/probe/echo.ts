import { spawn, type ChildProcess } from 'node:child_process';
import { Observable, of, timeout } from 'rxjs';
import type { Address } from '../../../core/address/address.js';
import { monotonicScheduler } from '../../../rx/monotonic.js';
import type { Probing, Stopwatch } from './probing.js';
import type { EchoReport } from '../report.js';

/** Arguments for one echo without reverse look-ups. On Windows, `-n` is the count. */
const ONE_ECHO = process.platform === 'win32' ? ['-n', '1'] : ['-n', '-c', '1'];

/** How much of the program's output is kept, in bytes. */
const KEPT = 10_000;

/** Sends one ICMP echo by the system's `ping`, because programs without privileges cannot send one. */
export function echoReport(
  { address, family }: Address,
  { ping, timeout: patience, stopwatch }: Probing,
): Observable<EchoReport> {
  // macOS has a second program for IPv6.
  const program = ping === 'ping' && family === 6 && process.platform === 'darwin' ? 'ping6' : ping!;
  return new Observable<EchoReport>((subscriber) => {
    const elapsed = stopwatch();
    const child: ChildProcess = spawn(program, [...ONE_ECHO, address], { stdio: ['ignore', 'pipe', 'pipe'] });
    // Without file descriptors the child has no `pid`, and `kill` would end the process group of this process.
    subscriber.add(() => child.pid !== undefined && child.kill('SIGKILL'));
    const output = { stdout: '', stderr: '' };
    const end = (report: EchoReport) => {
      subscriber.next(report);
      subscriber.complete();
    };
    child.on('error', (error: NodeJS.ErrnoException) => {
      const reason = error.code === 'ENOENT' ? `there is no program ${program}` : error.message;
      end({ outcome: 'unknown', time: null, reason });
    });
    child.on('close', (status) => {
      end(readEcho(status, output.stdout, output.stderr, elapsed));
    });
    for (const name of ['stdout', 'stderr'] as const) {
      // A child that could not start because file descriptors ran out has neither stream.
      child[name]?.setEncoding('utf8').on('data', (text: string) => (output[name] = (output[name] + text).slice(0, KEPT)));
    }
  }).pipe(timeout({ first: patience, scheduler: monotonicScheduler, with: () => of<EchoReport>(UNANSWERED) }));
}

const UNANSWERED: EchoReport = { outcome: 'unanswered', time: null, reason: null };

/** Reads the output of `ping`. If it prints an error, it was not able to send, and the state of the address is unknown. */
function readEcho(status: number | null, stdout: string, stderr: string, elapsed: ReturnType<Stopwatch>): EchoReport {
  const [, time] = /time[=<]\s*([\d.]+)\s*ms/.exec(stdout) ?? [];
  if (status === 0) return { outcome: 'answered', time: elapsed(time === undefined ? time : Number(time)), reason: null };
  const complaint = stderr.trim().split('\n').at(-1);
  return complaint ? { outcome: 'unknown', time: null, reason: complaint } : UNANSWERED;
}
