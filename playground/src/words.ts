import { formatDuration } from '../../src/core/format-duration.js';
import { HANDSHAKE_BYTES, type AnswerKind, type FateKind, type PlaceState, type RecordState } from './state.js';

export const ANSWER_WORDS: Readonly<Record<AnswerKind, string>> = {
  addresses: 'addresses',
  nodata: 'no data (NOERROR)',
  nxdomain: 'no such name (NXDOMAIN)',
  servfail: 'server failure (SERVFAIL)',
  never: 'never answered',
};

export const RECORD_WORDS: Readonly<Record<RecordState['kind'], string>> = {
  off: 'not asked for',
  record: 'a record',
  nodata: 'no data (NOERROR)',
  never: 'never answered',
};

export const FATE_WORDS: Readonly<Record<FateKind, string>> = {
  connects: 'connects',
  silent: 'silent',
  refuses: 'refuses',
  icmp: 'unreachable (ICMP)',
  stalls: 'accepts, TLS stalls',
  breaks: 'breaks after n bytes',
};

/** What a place does, in a sentence. */
export function placeInWords({ kind, after, bytes }: PlaceState, tls: boolean): string {
  const when = formatDuration(after);
  switch (kind) {
    case 'connects':
      return tls ? `TCP is up after ${when}, TLS after ${formatDuration(2 * after)}.` : `Connects after ${when}.`;
    case 'silent':
      return 'Drops every packet.';
    case 'refuses':
      return `Refuses after ${when}: nothing listens.`;
    case 'icmp':
      return `A router says after ${when} that there is no way.`;
    case 'stalls':
      return tls ? `TCP is up after ${when}, and TLS never.` : `Connects after ${when}: without TLS it goes unnoticed.`;
    case 'breaks':
      return tls && bytes < HANDSHAKE_BYTES
        ? `TCP is up after ${when}. ${bytes} bytes are too few for the TLS handshake, which stalls.`
        : `Connects after ${when}, and loses everything after ${bytes} bytes: no race can know.`;
  }
}
