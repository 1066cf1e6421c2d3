import { formatEndpoint } from '../../src/core/race/endpoint.js';
import { errorCode, reasonOf } from '../../src/core/error-tools.js';
import type { RaceEvent } from '../../src/core/race/events.js';

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
