import { formatDuration } from '../../../core/format-duration.js';
import { about, certificateWords, wordsFor } from '../../../core/error-words.js';
import type { Failure } from '../report.js';

export function listed(texts: readonly string[]): string {
  return texts.join(', ');
}

/** The first of them, and how many more there are. */
export function atMost(count: number, texts: readonly string[]): string {
  const first = listed(texts.slice(0, count));
  return texts.length > count ? `${first} and ${texts.length - count} more` : first;
}

/** A text, and how long what it tells of has taken, where that is known. */
export function after(time: number | null, text: string): string {
  return time === null ? text : `${text}; after ${shortDuration(time)}`;
}

/** In whole ms; in tenths below 10 ms, for neighbours take no longer. */
export function shortDuration(time: number): string {
  const tenths = Math.round(time * 10) / 10;
  return tenths < 10 ? `${tenths} ms` : formatDuration(time);
}

/** Why a connection has failed: in words where the code is one that people meet, and else in the error's own. */
export function reason({ code, message }: Failure): string {
  return code === null ? message : `${wordsFor(code)?.short ?? message} (${code})`;
}

/** The same for a question to the DNS. */
export function questionReason({ code, message }: Failure): string {
  return code === null ? message : `${wordsFor(code)?.query ?? message} (${code})`;
}

/** What is wrong with a certificate; `name`: for whom it should be. */
export function certificateProblem(code: string, name: string): string {
  return `${about(certificateWords(code).short, name)} (${code})`;
}

/** The same where that is why nothing is sent. */
export function refusedCertificate(code: string, name: string): string {
  return `the certificate is not accepted, ${certificateProblem(code, name)}`;
}

/** Whether a code says what is wrong with a certificate. */
export function isCertificateProblem(code: string | undefined): code is string {
  return wordsFor(code)?.subject === 'certificate';
}
