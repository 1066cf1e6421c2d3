import { from, map, type Observable } from 'rxjs';
import { boolean, checkEach, given, integer, LONGEST_DELAY, string, type Checks } from '../../core/input/checks.js';
import { formatEndpoint } from '../../core/race/endpoint.js';
import { toError } from '../../core/error-tools.js';
import { checkServers } from '../../node/dns-servers.js';
import type { TlsOptions } from '../../node/tls.js';
import { onAbort } from '../../rx/abort.js';
import { parseLiteral } from '../../core/address/literal.js';
import { HTTPS_PORT } from '../authority.js';
import { appearance, FAILED, INTERRUPTED, OK, untilInterrupted, type Appearance, type Terminal } from '../terminal.js';
import { conclude } from './judge/conclude.js';
import { hostReport } from './probe/host.js';
import { mapInOrder } from '../../rx/map-in-order.js';
import { checkJson } from './json.js';
import { jsonText } from '../json-text.js';
import { judgeHost } from './judge/judge-host.js';
import { judgeMachine } from './judge/judge-machine.js';
import { machineReport } from './probe/machine.js';
import { fixedStopwatch, stopwatch, type Probing } from './probe/probing.js';
import { showProgress, type Progress } from './progress.js';
import type { Judged, JudgedHost, MachineReport } from './report.js';
import { parseTargets, type Target } from './targets.js';
import { drawConclusion, drawFindings, heading } from './text.js';

/** Options of {@link checkCommand}. */
export interface CheckOptions {
  /** One document for everything, at the end, instead of text. */
  readonly json?: boolean;
  /** Of the hosts that have none of their own. Default 443. */
  readonly port?: number;
  /** Default: on port 443. */
  readonly tls?: boolean;
  /** DNS servers to ask, as in `dnsQuery`. Default: the system's. */
  readonly servers?: readonly string[];
  /** How long a DNS server is given for its first try, in ms. Default 1000. */
  readonly dnsTimeout?: number;
  /** How long one probe may take, in ms. Default 3000. */
  readonly probeTimeout?: number;
  /** Who signs certificates, in PEM, instead of those whom Node trusts. */
  readonly ca?: string;
  /** Take any certificate. */
  readonly insecure?: boolean;
  /** Send an ICMP echo to each address. Default true. */
  readonly ping?: boolean;
  /** Every duration is 10 ms, so that outputs can be compared. */
  readonly fixedClock?: boolean;
  /** Nothing but ASCII in the text. Default false. */
  readonly ascii?: boolean;
  /** Colours, where the terminal has them. Default true. */
  readonly color?: boolean;
}

/** Hosts that are checked at once. */
const HOSTS_AT_ONCE = 8;

/**
 * `rx-happy-eyeballs check <host>…`: tells whether hosts are ready for IPv6, and if not, what to do.
 *
 * Hosts are checked side by side and shown in their order, each as soon as it and those before it are done. Ctrl-C cancels
 * everything.
 *
 * @param targets names or addresses, each perhaps with its port; at the end perhaps a port for those that have none
 * @returns the exit status: 0 all are ready, 1 one is not or it cannot be told, 130 interrupted
 * @throws TypeError, RangeError with Node's codes, for targets and options that make no sense
 */
export async function checkCommand(targets: readonly string[], options: CheckOptions, terminal: Terminal): Promise<number> {
  checkEach('options', options, CHECK_CHECKS);
  const parsed = parseTargets(targets, options.port);
  const probing = probingOf(options);
  const { stdout, stderr } = terminal;
  const drawing = appearance(stdout, options);
  const progress = showProgress(stderr, parsed.length);
  const { interrupted, release } = untilInterrupted(terminal);
  const show = options.json ? undefined : (text: string) => stdout.write(text);

  return new Promise((resolve, reject) => {
    let machine: Judged<MachineReport> | undefined;
    const hosts: JudgedHost[] = [];
    const end = () => {
      release();
      progress.wipe();
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
        end();
        if (options.json) stdout.write(jsonText(checkJson(machine!, hosts)));
        else if (hosts.length > 1) stdout.write(`\n${drawSummary(hosts, drawing)}`);
        resolve(hosts.every(isReady) ? OK : FAILED);
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

/** This machine, and then each host. */
function judged(
  targets: readonly Target[],
  options: CheckOptions,
  probing: Probing,
  progress: Progress,
): Observable<Judged<MachineReport> | JudgedHost> {
  const machine$ = machineReport(probing).pipe(map((report) => ({ report, findings: judgeMachine(report) })));
  const hosts = targets.map((target) => {
    const report$ = hostReport(target, options.tls ?? target.tls ?? target.port === HTTPS_PORT, probing, (step) => {
      progress.begin(target, step);
    });
    return report$.pipe(
      map((report) => {
        const findings = judgeHost(report);
        return { report, findings, conclusion: conclude(report, findings) };
      }),
    );
  });
  const all: readonly Observable<Judged<MachineReport> | JudgedHost>[] = [machine$, ...hosts];
  return from(all).pipe(mapInOrder((report$) => report$, 1 + HOSTS_AT_ONCE));
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
