import { formatDuration } from '../../src/core/format-duration.js';
import { formatEndpoint } from '../../src/core/race/endpoint.js';
import { errorCode, reasonOf } from '../../src/core/error-tools.js';
import type { RaceEvent } from '../../src/core/race/events.js';
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

/** An event for a table: what happened, to what, and more of it. */
export function eventInWords(event: RaceEvent): readonly [what: string, to: string, more: string] {
  switch (event.type) {
    case 'answered': {
      const { answer } = event;
      const found =
        answer.type === 'HTTPS' ? answer.records.map(({ target, port = '' }) => `${target} ${port}`.trim()) : answer.addresses;
      const name = answer.name === undefined ? '' : ` of ${answer.name}`;
      return ['answered', `${answer.type}${name}`, found.length > 0 ? found.join(', ') : (errorCode(answer.error) ?? 'nothing')];
    }
    case 'resolved':
      return ['resolved', 'all queries', event.error ? reasonOf(event.error) : ''];
    case 'queued':
      return ['queued', 'what is still to be tried', event.endpoints.map(formatEndpoint).join(', ') || 'nothing'];
    case 'started':
      return ['started', endpointOf(event), ''];
    case 'progressed':
      return ['progressed', endpointOf(event), event.stage === 'tls' ? 'TCP is up, TLS begins' : 'setup begins'];
    case 'failed':
      return ['failed', endpointOf(event), reasonOf(event.error)];
    case 'cancelled':
      return ['cancelled', endpointOf(event), event.error ? reasonOf(event.error) : 'another has won, or the race is over'];
    case 'connected':
      return ['connected', endpointOf(event), 'the winner'];
  }
}

function endpointOf({ endpoint }: Extract<RaceEvent, { endpoint: unknown }>): string {
  return endpoint.via === undefined ? formatEndpoint(endpoint) : `${formatEndpoint(endpoint)} by way of ${endpoint.via}`;
}
