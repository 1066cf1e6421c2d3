import { formatDuration } from '../../../core/format-duration.js';
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
  return code === null ? message : `${WORDS[code] ?? message} (${code})`;
}

/** The same for a question to the DNS. */
export function questionReason({ code, message }: Failure): string {
  return code === null ? message : `${QUESTION_WORDS[code] ?? message} (${code})`;
}

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'refused: nothing listens there',
  ECONNRESET: 'the connection was reset',
  EHOSTUNREACH: 'the network says that the host cannot be reached',
  EMFILE: 'this machine has no file descriptors left',
  ENETUNREACH: 'there is no route to it',
  ETIMEDOUT: 'no answer in time',
};

const QUESTION_WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'no DNS server is there',
  EHOSTUNREACH: 'the DNS server cannot be reached',
  EMFILE: 'this machine has no file descriptors left',
  ENETUNREACH: 'there is no route to the DNS server',
  ENOTFOUND: 'there is no such name',
  // Its message has the patience of the last try, and not how long all of them took.
  ETIMEOUT: 'no answer in time',
};

/** What is wrong with a certificate; `name`: for whom it should be. */
export function certificateProblem(code: string, name: string): string {
  return `${CERTIFICATES[code]?.replace('%', name) ?? 'it is not to be trusted'} (${code})`;
}

/** The same where that is why nothing is sent. */
export function refusedCertificate(code: string, name: string): string {
  return `the certificate is not accepted, ${certificateProblem(code, name)}`;
}

/** Whether a code says what is wrong with a certificate. */
export function isCertificateProblem(code: string | undefined): code is string {
  return code !== undefined && Object.hasOwn(CERTIFICATES, code);
}

const CERTIFICATES: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'it has expired',
  CERT_NOT_YET_VALID: 'it is not valid yet',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'it has signed itself',
  ERR_TLS_CERT_ALTNAME_INVALID: 'it is not for %',
  SELF_SIGNED_CERT_IN_CHAIN: 'its authority is not known here',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its authority is not known here',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its authority is not known here, or the server does not send the whole chain',
};
