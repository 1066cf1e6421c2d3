import type { EndpointJson } from '../core/race/event-json.js';
import type { RecordedRace } from './recorded-race.js';
import type { Fate } from './world.js';

/** An attempt of a recorded race. Durations in ms since its start. */
export interface RecordedAttempt {
  readonly key: string;
  readonly endpoint: EndpointJson;
  /** How long it was watched. */
  readonly after: number;
  /** When TCP was up, where a handshake followed. */
  readonly tlsAfter?: number;
  /** Absent where it was cut short: what it would have come to is not known. */
  readonly fate?: Fate;
}

/** What tells the endpoints of one race apart. */
export function keyOf({ protocol, address, port, via }: EndpointJson): string {
  return `${protocol === 'quic' ? 'quic ' : ''}${via ?? address} ${port}`;
}

/** The attempts of a race, in the order of their starts. */
export function attemptsOf(race: RecordedRace): readonly RecordedAttempt[] {
  const attempts = new Map<string, { endpoint: EndpointJson; at: number; tlsAfter?: number }>();
  const ended = new Map<string, RecordedAttempt>();
  const end = (endpoint: EndpointJson, at: number, outcome?: Fate['outcome']) => {
    const key = keyOf(endpoint);
    const begun = attempts.get(key);
    if (!begun || ended.has(key)) return;
    const { tlsAfter } = begun;
    const after = Math.max(0, at - begun.at);
    const tls = tlsAfter === undefined ? {} : { tlsAfter };
    ended.set(key, { key, endpoint, after, ...tls, ...(outcome && { fate: { outcome, after, ...tls } }) });
  };
  for (const event of race.events) {
    if (event.type === 'started') attempts.set(keyOf(event.endpoint), { endpoint: event.endpoint, at: event.at });
    else if (event.type === 'progressed' && event.stage === 'tls') {
      const begun = attempts.get(keyOf(event.endpoint));
      if (begun) begun.tlsAfter = event.after;
    } else if (event.type === 'connected') end(event.endpoint, event.at, 'connects');
    else if (event.type === 'failed') end(event.endpoint, event.at, isOwnTimeout(race, event) ? undefined : 'fails');
    else if (event.type === 'cancelled') end(event.endpoint, event.at);
  }
  return [...attempts.keys()].flatMap((key) => ended.get(key) ?? []);
}

/** Whether it was the race that set the limit: then the attempt was cut short. */
function isOwnTimeout(
  { terms }: RecordedRace,
  { error }: { readonly error: { readonly code?: string; readonly message: string } },
): boolean {
  return (
    terms?.attemptTimeout !== 'Infinity' &&
    error.code === 'ETIMEDOUT' &&
    /^(?:no connection after|ETIMEDOUT$)/.test(error.message)
  );
}
