import type { AnyAnswer, Answer } from './answers.js';
import type { Endpoint, Service } from './endpoint.js';
import { errorCode, toError } from '../error-tools.js';
import type { RaceEvent, Stage } from './events.js';
import type { ServiceRecord } from './service-records.js';

/** An event as JSON has it: `connect --json` prints such, and recordings hold them. */
export type EventJson =
  | { readonly type: 'answered'; readonly at: number; readonly answer: AnswerJson; readonly askedAt?: number }
  | { readonly type: 'resolved'; readonly at: number; readonly error?: ErrorJson }
  | { readonly type: 'queued'; readonly at: number; readonly endpoints: readonly EndpointJson[] }
  | { readonly type: 'started' | 'connected'; readonly at: number; readonly endpoint: EndpointJson }
  | {
      readonly type: 'progressed';
      readonly at: number;
      readonly endpoint: EndpointJson;
      readonly stage: Stage;
      readonly after: number;
    }
  | {
      readonly type: 'failed';
      readonly at: number;
      readonly endpoint: EndpointJson;
      readonly error: ErrorJson;
      readonly terminal?: boolean;
    }
  | { readonly type: 'cancelled'; readonly at: number; readonly endpoint: EndpointJson; readonly error?: ErrorJson };

export interface EndpointJson extends Pick<Endpoint, 'address' | 'family' | 'port' | 'protocol' | 'via'> {
  readonly service?: ServiceJson;
}

export type ServiceJson = Pick<Service, 'target' | 'alpn' | 'hint'> & { readonly priority?: number };

/** Keys are mentioned, not shown. */
export type ServiceRecordJson = Omit<ServiceRecord, 'ech'> & { readonly ech: boolean };

export type AnswerJson = Pick<AnyAnswer, 'name' | 'ttl'> & { readonly error?: ErrorJson } & (
    | { readonly type: Answer['type']; readonly addresses: readonly string[] }
    | { readonly type: 'HTTPS'; readonly records: readonly ServiceRecordJson[] }
  );

export interface ErrorJson {
  readonly code?: string;
  readonly message: string;
}

/** An event without what JSON cannot hold: a socket that has won, keys, stack traces. */
export function eventJson(event: RaceEvent): EventJson {
  switch (event.type) {
    case 'answered':
      return { ...event, answer: answerJson(event.answer) };
    case 'resolved': {
      const { error, ...rest } = event;
      return error ? { ...rest, error: errorJson(error) } : rest;
    }
    case 'queued':
      return { ...event, endpoints: event.endpoints.map(endpointJson) };
    case 'failed':
      return { ...event, endpoint: endpointJson(event.endpoint), error: errorJson(event.error) };
    case 'cancelled': {
      const { error, ...rest } = event;
      const json = { ...rest, endpoint: endpointJson(event.endpoint) };
      return error ? { ...json, error: errorJson(error) } : json;
    }
    case 'started':
    case 'progressed':
      return { ...event, endpoint: endpointJson(event.endpoint) };
    case 'connected':
      return { type: event.type, at: event.at, endpoint: endpointJson(event.endpoint) };
  }
}

export function endpointJson({ address, family, port, protocol, service, via }: Endpoint): EndpointJson {
  return {
    address,
    family,
    port,
    ...(protocol && { protocol }),
    ...(service && { service: serviceJson(service) }),
    ...(via !== undefined && { via }),
  };
}

function serviceJson({ target, alpn, hint, record }: Service): ServiceJson {
  return { target, alpn, ...(hint !== undefined && { hint }), ...(record && { priority: record.priority }) };
}

function answerJson(answer: AnyAnswer): AnswerJson {
  const { name, ttl, error } = answer;
  const others = {
    ...(name !== undefined && { name }),
    ...(ttl !== undefined && { ttl }),
    ...(error && { error: errorJson(toError(error)) }),
  };
  if (answer.type === 'HTTPS') return { type: answer.type, records: answer.records.map(recordJson), ...others };
  return { type: answer.type, addresses: answer.addresses, ...others };
}

function recordJson({ ech, ...record }: ServiceRecord): ServiceRecordJson {
  return { ...record, ech: ech !== undefined };
}

function errorJson(error: Error): ErrorJson {
  const code = errorCode(error);
  return { ...(code !== undefined && { code }), message: error.message };
}
