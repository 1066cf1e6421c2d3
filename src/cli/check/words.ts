import { formatDuration } from '../../core/duration.js';
import type { Failure } from './report.js';

export function listed(texts: readonly string[]): string {
  return texts.join(', ');
}

/** A text, and how long what it tells of has taken, where that is known. */
export function after(time: number | null, text: string): string {
  return time === null ? text : `${text}; after ${formatDuration(time)}`;
}

/** An error in a word where people know the word, and else in its own. */
export function reason({ code, message }: Failure): string {
  return code === null ? message : (WORDS[code] ?? `${message} (${code})`);
}

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'refused: nobody listens there (ECONNREFUSED)',
  ECONNRESET: 'the connection was reset (ECONNRESET)',
  EHOSTUNREACH: 'the network says that the host cannot be reached (EHOSTUNREACH)',
  ENETUNREACH: 'there is no route to it (ENETUNREACH)',
  ETIMEDOUT: 'no answer in time (ETIMEDOUT)',
  ENOTFOUND: 'there is no such name (ENOTFOUND)',
};

/** What is wrong with a certificate; `name`: for whom it should be. */
export function certificateProblem(code: string, name: string): string {
  return `${CERTIFICATES[code]?.replace('%', name) ?? 'it is not to be trusted'} (${code})`;
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
