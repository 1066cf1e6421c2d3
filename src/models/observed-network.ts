import { isOfAddresses } from '../core/race/answers.js';
import type { Endpoint } from '../core/race/endpoint.js';
import { BLOCKED, errorCode, toError } from '../core/error-tools.js';
import type { RaceEvent } from '../core/race/events.js';
import type { Fate, ModelledAnswer, ModelledNetwork } from './model.js';

/**
 * The network as a race has seen it, for models of other clients.
 *
 * What the race did not wait for is unknown: an attempt that was cancelled, an address that was not tried. A query that was not
 * answered while the race ran counts as one that is never answered.
 *
 * @param events of one race that is over, in order
 * @param order as in {@link ModelledNetwork}
 */
export function observedNetwork(
  events: readonly RaceEvent[],
  { host, port }: { readonly host: string; readonly port: number },
  order?: readonly string[],
): ModelledNetwork {
  return { host, port, answers: answersOf(events, port), fates: fatesOf(events, port), ...(order && { order }) };
}

function answersOf(events: readonly RaceEvent[], port: number): ModelledNetwork['answers'] {
  const answers: { AAAA?: ModelledAnswer; A?: ModelledAnswer } = {};
  let isResolved = false;
  for (const event of events) {
    if (event.type === 'resolved') isResolved = true;
    // Answers for other names come from service records, which most clients do not ask for.
    if (event.type !== 'answered' || !isOfAddresses(event.answer) || event.answer.name !== undefined) continue;
    const { type, addresses, error } = event.answer;
    const code = error && errorCode(toError(error));
    answers[type] = { at: event.at - (event.askedAt ?? 0), addresses, ...(code !== undefined && { code }) };
  }
  if (answers.AAAA === undefined && answers.A === undefined) return literalAnswers(events, port);
  // A resolver that has finished has no more to say; before that, an answer may still come.
  const missing: ModelledAnswer = { at: isResolved ? 0 : Infinity, addresses: [] };
  return { AAAA: answers.AAAA ?? missing, A: answers.A ?? missing };
}

/** Where nothing was asked, for the host is an address. */
function literalAnswers(events: readonly RaceEvent[], port: number): ModelledNetwork['answers'] {
  const endpoints = knownEndpoints(events, port);
  const of = (family: 4 | 6): ModelledAnswer => ({
    at: 0,
    addresses: endpoints.filter((endpoint) => endpoint.family === family).map(({ address }) => address),
  });
  return { AAAA: of(6), A: of(4) };
}

function knownEndpoints(events: readonly RaceEvent[], port: number): Endpoint[] {
  const endpoints = new Map<string, Endpoint>();
  for (const event of events) {
    const found = event.type === 'queued' ? event.endpoints : event.type === 'started' ? [event.endpoint] : [];
    for (const endpoint of found) if (isPlain(endpoint, port)) endpoints.set(endpoint.address, endpoint);
  }
  return [...endpoints.values()];
}

/** TCP to the port of the race: what any client would try. */
function isPlain({ port, protocol }: Endpoint, wanted: number): boolean {
  return port === wanted && protocol !== 'quic';
}

function fatesOf(events: readonly RaceEvent[], port: number): Record<string, Fate> {
  const fates: Record<string, Fate> = {};
  for (const event of events) {
    if (event.type === 'answered' && isOfAddresses(event.answer)) {
      for (const address of event.answer.addresses) fates[address] ??= UNTRIED;
    }
  }
  for (const endpoint of knownEndpoints(events, port)) fates[endpoint.address] = UNTRIED;
  const begun = new Map<Endpoint, Begun>();
  for (const event of events) {
    if (!('endpoint' in event) || !isPlain(event.endpoint, port)) continue;
    const { endpoint, at } = event;
    if (event.type === 'started') begun.set(endpoint, { startedAt: at });
    else if (event.type === 'progressed') begun.get(endpoint)!.progressedAt ??= at;
    else fates[endpoint.address] = fateOf(event, begun.get(endpoint)!);
  }
  return fates;
}

const UNTRIED: Fate = { type: 'unknown', during: 0 };

/** An attempt that has not ended. */
interface Begun {
  readonly startedAt: number;
  progressedAt?: number;
}

type Ending = Extract<RaceEvent, { readonly type: 'failed' | 'cancelled' | 'connected' }>;

function fateOf(event: Ending, { startedAt, progressedAt }: Begun): Fate {
  const { at, endpoint } = event;
  // NAT64 is reached by clients that know of it; for others IPv4 has no route.
  if (endpoint.via !== undefined) return { type: 'fails', after: 0, code: 'ENETUNREACH' };
  if (progressedAt !== undefined) {
    const after = at - progressedAt;
    const tcp = progressedAt - startedAt;
    if (event.type === 'connected') return { type: 'connects', after: tcp, tls: { type: 'completes', after } };
    if (event.type === 'cancelled') return { type: 'connects', after: tcp, tls: { type: 'unknown', during: after } };
    return { type: 'connects', after: tcp, tls: { type: 'fails', after, code: codeOf(event.error) } };
  }
  const after = at - startedAt;
  if (event.type === 'connected') return { type: 'connects', after };
  if (event.type === 'cancelled') return { type: 'unknown', during: after };
  const code = codeOf(event.error);
  return code === BLOCKED ? UNTRIED : { type: 'fails', after, code };
}

function codeOf(error: Error): string {
  return errorCode(toError(error)) ?? 'ERROR';
}
