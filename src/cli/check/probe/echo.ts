import { spawn, type ChildProcess } from 'node:child_process';
import { Observable, of, timeout } from 'rxjs';
import type { Address } from '../../../core/address/address.js';
import { monotonicScheduler } from '../../../rx/monotonic.js';
import type { Probing, Stopwatch } from './probing.js';
import type { EchoReport } from '../report.js';

/** Numeric, and one; on Windows `-n` is the count. */
const ONE_ECHO = process.platform === 'win32' ? ['-n', '1'] : ['-n', '-c', '1'];

/** Bytes of a program's output that are kept. */
const KEPT = 10_000;

/** One ICMP echo, sent by the system's `ping`, for programs without privileges may not. */
export function echoReport(
  { address, family }: Address,
  { ping, timeout: patience, stopwatch }: Probing,
): Observable<EchoReport> {
  // macOS has two programs.
  const program = ping === 'ping' && family === 6 && process.platform === 'darwin' ? 'ping6' : ping!;
  return new Observable<EchoReport>((subscriber) => {
    const elapsed = stopwatch();
    const child: ChildProcess = spawn(program, [...ONE_ECHO, address], { stdio: ['ignore', 'pipe', 'pipe'] });
    // Without file descriptors there is no child, and ending it would end the process group of this one.
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
      // A child for which there were no file descriptors has neither.
      child[name]?.setEncoding('utf8').on('data', (text: string) => (output[name] = (output[name] + text).slice(0, KEPT)));
    }
  }).pipe(timeout({ first: patience, scheduler: monotonicScheduler, with: () => of<EchoReport>(UNANSWERED) }));
}

const UNANSWERED: EchoReport = { outcome: 'unanswered', time: null, reason: null };

/** What `ping` has said. It also fails where it may not send, which says nothing of the address: then it complains. */
function readEcho(status: number | null, stdout: string, stderr: string, elapsed: ReturnType<Stopwatch>): EchoReport {
  const [, time] = /time[=<]\s*([\d.]+)\s*ms/.exec(stdout) ?? [];
  if (status === 0) return { outcome: 'answered', time: elapsed(time === undefined ? time : Number(time)), reason: null };
  const complaint = stderr.trim().split('\n').at(-1);
  return complaint ? { outcome: 'unknown', time: null, reason: complaint } : UNANSWERED;
}
