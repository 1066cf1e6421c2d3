import { errorCode } from '../../../core/error-tools.js';
import type { DnsQueryOptions } from '../../../node/dns-query.js';
import type { TlsOptions } from '../../../node/tls.js';
import type { Failure } from '../report.js';

/** Settings of all probes of a check. */
export interface Probing {
  /** How long one probe may take, in ms. */
  readonly timeout: number;
  readonly query: DnsQueryOptions;
  readonly tls: TlsOptions;
  /** The program that sends an ICMP echo; absent if none is sent. */
  readonly ping?: string;
  readonly stopwatch: Stopwatch;
  readonly now: () => Date;
}

/** Starts a stopwatch. The function that it returns gives the time since then, or rounds a given time, in ms. */
export type Stopwatch = () => (measured?: number) => number;

/** A stopwatch that rounds to a tenth of a ms. */
export const stopwatch: Stopwatch = () => {
  const began = performance.now();
  return (measured = performance.now() - began) => Math.round(measured * 10) / 10;
};

/** A stopwatch by which everything takes 10 ms, so that outputs can be compared. */
export const fixedStopwatch: Stopwatch = () => () => 10;

/** The code and message of an error. Of OpenSSL's long messages, only the reason is kept. */
export function failure(error: Error): Failure {
  const { reason } = error as { reason?: unknown };
  return { code: errorCode(error) ?? null, message: typeof reason === 'string' ? reason : error.message || error.name };
}
