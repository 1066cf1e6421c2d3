import { errorCode } from '../../../core/error-tools.js';
import type { DnsQueryOptions } from '../../../node/dns-query.js';
import type { TlsOptions } from '../../../node/tls.js';
import type { Failure } from '../report.js';

/** What the probes of a check have in common. */
export interface Probing {
  /** ms for one probe. */
  readonly timeout: number;
  readonly query: DnsQueryOptions;
  readonly tls: TlsOptions;
  /** The program that sends an ICMP echo; absent: none shall be sent. */
  readonly ping?: string;
  readonly stopwatch: Stopwatch;
  readonly now: () => Date;
}

/** Begins to measure; what it returns tells the time since then, or rounds one that was measured elsewhere, in ms. */
export type Stopwatch = () => (measured?: number) => number;

/** To a tenth of a ms. */
export const stopwatch: Stopwatch = () => {
  const began = performance.now();
  return (measured = performance.now() - began) => Math.round(measured * 10) / 10;
};

/** Everything takes 10 ms, so that what is shown can be compared. */
export const fixedStopwatch: Stopwatch = () => () => 10;

/** OpenSSL's messages are long, and hold a reason. */
export function failure(error: Error): Failure {
  const { reason } = error as { reason?: unknown };
  return { code: errorCode(error) ?? null, message: typeof reason === 'string' ? reason : error.message || error.name };
}
