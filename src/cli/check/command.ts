import { concat, from, map, merge, shareReplay, switchMap, take, timer, type Observable } from 'rxjs';
import packageJson from '../../../package.json' with { type: 'json' };
import { boolean, checkEach, given, integer, LONGEST_DELAY, string, type Checks } from '../../core/input/checks.js';
import { formatEndpoint } from '../../core/race/endpoint.js';
import { toError } from '../../core/error-tools.js';
import { checkServers } from '../../node/dns-servers.js';
import type { TlsOptions } from '../../node/tls.js';
import { onAbort } from '../../rx/abort.js';
import { monotonicScheduler } from '../../rx/monotonic.js';
import { parseLiteral } from '../../core/address/literal.js';
import { HTTPS_PORT } from '../authority.js';
import { appearance, FAILED, INTERRUPTED, OK, untilInterrupted, type Appearance, type Terminal } from '../terminal.js';
import { conclude } from './judge/conclude.js';
import { hostReport } from './probe/host.js';
import { mapInOrder } from '../../rx/map-in-order.js';
import { outputFile } from '../output-file.js';
import { checkReport } from './html.js';
import { checkJson } from './json.js';
import { jsonText } from '../json-text.js';
import { judgeHost } from './judge/judge-host.js';
import { judgeMachine } from './judge/judge-machine.js';
import { machineReport } from './probe/machine.js';
import { warmUp } from './probe/warm-up.js';
import { fixedStopwatch, stopwatch, type Probing } from './probe/probing.js';
import { showProgress, type Progress } from './progress.js';
import type { Judged, JudgedHost, MachineReport } from './report.js';
import type { CheckOptions } from './options.js';
import { parseTargets, type Target } from './targets.js';
import { drawConclusion, drawFindings, heading } from './draw-findings.js';

/** How many hosts are checked at once. */
const HOSTS_AT_ONCE = 8;

/**
 * `rx-happy-eyeballs check <host>…`: reports whether hosts are ready for IPv6, and what to do if they are not.
 *
 * Hosts are checked in parallel and shown in order, each as soon as it and those before it are finished. Ctrl-C cancels everything.
 *
 * @param targets names or addresses with optional ports, and an optional last port for those that have none
 * @returns the exit status: 0 if all are ready (with `strict`: without remarks), 1 if one is not or cannot be judged, 130 if interrupted
 * @throws TypeError, RangeError with Node's codes, for invalid targets and options
 */
export async function checkCommand(targets: readonly string[], options: CheckOptions, terminal: Terminal): Promise<number> {
  checkEach('options', options, CHECK_CHECKS);
  const parsed = parseTargets(targets, options.port);
  const probing = probingOf(options);
  const { stdout, stderr } = terminal;
  const drawing = appearance(stdout, options);
  const report = options.html === undefined ? undefined : outputFile('--html', options.html);
  const progress = showProgress(stderr, parsed.length);
  const { interrupted, release } = untilInterrupted(terminal);
  const show = options.json ? undefined : (text: string) => stdout.write(text);

  return new Promise((resolve, reject) => {
    let machine: Judged<MachineReport> | undefined;
    const hosts: JudgedHost[] = [];
    const end = () => {
      release();
      progress.end();
      report?.close();
    };
    const interrupt = () => {
      running.unsubscribe();
      end();
      stderr.write('Interrupted: the check was cancelled and everything is closed.\n');
      resolve(INTERRUPTED);
    };
    const running = judged(parsed, options, probing, progress).subscribe({
      next: (result) => {
        progress.wipe();
        if ('conclusion' in result) {
          hosts.push(result);
          show?.(`\n${drawHost(result, drawing)}`);
        } else {
          machine = result;
          show?.(drawFindings(result.findings, drawing));
        }
      },
      error: (error: unknown) => {
        end();
        reject(toError(error));
      },
      complete: () => {
        try {
          report?.write(checkReport(machine!, hosts, noteOf(options)));
        } catch (error) {
          reject(toError(error));
        }
        end();
        if (options.json) stdout.write(jsonText(checkJson(machine!, hosts, options)));
        else if (hosts.length > 1) stdout.write(`\n${drawSummary(hosts, drawing)}`);
        const isGood = options.strict ? isFlawless : isReady;
        resolve(hosts.every(isGood) ? OK : FAILED);
      },
    });
    running.add(onAbort(interrupted, interrupt));
  });
}

const CHECK_CHECKS: Checks<CheckOptions> = {
  json: boolean,
  port: integer(1, 65_535),
  tls: boolean,
  servers: checkServers,
  dnsTimeout: integer(1, LONGEST_DELAY),
  probeTimeout: integer(1, LONGEST_DELAY),
  ca: string,
  insecure: boolean,
  ping: boolean,
  fixedClock: boolean,
  ascii: boolean,
  color: boolean,
  html: string,
  strict: boolean,
};

function probingOf({
  probeTimeout: timeout = 3000,
  servers,
  dnsTimeout,
  ca,
  insecure,
  ping = true,
  fixedClock,
}: CheckOptions): Probing {
  const trust: TlsOptions = given({ ca, rejectUnauthorized: insecure ? false : undefined });
  return {
    timeout,
    query: given({ servers, timeout: dnsTimeout }),
    tls: trust,
    ...(ping && { ping: 'ping' }),
    stopwatch: fixedClock ? fixedStopwatch : stopwatch,
    now: () => new Date(),
  };
}

/** How long hosts wait for the probes of this machine, which would otherwise slow theirs down, in ms. */
const MACHINE_FIRST = 100;

/** Emits the report of this machine, and then that of each host. */
function judged(
  targets: readonly Target[],
  options: CheckOptions,
  probing: Probing,
  progress: Progress,
): Observable<Judged<MachineReport> | JudgedHost> {
  const machine$ = machineReport(probing).pipe(
    map((report) => ({ report, findings: judgeMachine(report) })),
    shareReplay({ bufferSize: 1, refCount: true }),
  );
  const machineFirst$ = merge(machine$, timer(MACHINE_FIRST, monotonicScheduler)).pipe(take(1));
  const hosts = targets.map((target) => {
    const report$ = hostReport(target, usesTlsFor(target, options), probing, (step) => {
      progress.begin(target, step);
    });
    return machineFirst$.pipe(
      switchMap(() => report$),
      map((report) => {
        const findings = judgeHost(report);
        return { report, findings, conclusion: conclude(report, findings) };
      }),
    );
  });
  const all: readonly Observable<Judged<MachineReport> | JudgedHost>[] = [machine$, ...hosts];
  const usesTls = targets.some((target) => usesTlsFor(target, options));
  return concat(warmUp(usesTls, probing), from(all).pipe(mapInOrder((report$) => report$, 1 + HOSTS_AT_ONCE)));
}

function usesTlsFor(target: Target, options: CheckOptions): boolean {
  return options.tls ?? target.tls ?? target.port === HTTPS_PORT;
}

function noteOf({ fixedClock }: CheckOptions): string {
  const now = fixedClock ? '' : ` on ${new Date().toISOString()}`;
  return `Run${now} by ${packageJson.name} ${packageJson.version}.`;
}

function isFlawless(host: JudgedHost): boolean {
  return isReady(host) && host.findings.every(({ verdict }) => verdict === 'ok' || verdict === 'unknown');
}

function isReady({ conclusion }: JudgedHost): boolean {
  return conclusion.verdict === 'ready';
}

function drawHost({ report: { host, port }, findings, conclusion }: JudgedHost, drawing: Appearance): string {
  const literal = parseLiteral(host);
  const title = literal ? formatEndpoint({ ...literal, port }) : `${host}, port ${port}`;
  const found = findings.length > 0 ? `\n${drawFindings(findings, drawing)}` : '';
  return `${heading(title, drawing)}${found}\n${drawConclusion(conclusion, drawing)}`;
}

function drawSummary(hosts: readonly JudgedHost[], drawing: Appearance): string {
  const ready = hosts.filter(isReady).length;
  const text = `${ready} of ${hosts.length} hosts are ready for IPv6.`;
  return drawConclusion({ verdict: ready === hosts.length ? 'ready' : 'not ready', text }, drawing);
}
