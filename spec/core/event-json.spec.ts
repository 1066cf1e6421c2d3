import { endpointJson, eventJson } from '../../src/core/race/event-json.js';
import type { Endpoint, RaceEvent } from '../../src/index.js';

const endpoint: Endpoint = { address: '192.0.2.1', family: 4, port: 443 };
const refused = Object.assign(new Error('connect refused'), { code: 'ECONNREFUSED' });
const plain = new Error('broken');

describe('an event as JSON', () => {
  it.each<[string, RaceEvent, unknown]>([
    [
      'answered, with addresses',
      { type: 'answered', at: 1, answer: { type: 'A', addresses: ['192.0.2.1'] } },
      { type: 'answered', at: 1, answer: { type: 'A', addresses: ['192.0.2.1'] } },
    ],
    [
      'answered, with every field that JSON keeps',
      { type: 'answered', at: 2, askedAt: 1, answer: { type: 'AAAA', addresses: [], name: 'cdn.example', ttl: 0, error: refused, stale: true } },
      {
        type: 'answered',
        at: 2,
        askedAt: 1,
        answer: { type: 'AAAA', addresses: [], name: 'cdn.example', ttl: 0, error: { code: 'ECONNREFUSED', message: 'connect refused' } },
      },
    ],
    [
      'answered, with service records, whose keys are only mentioned',
      {
        type: 'answered',
        at: 3,
        answer: { type: 'HTTPS', ttl: 60, records: [{ priority: 1, target: '.', ech: Uint8Array.of(1) }, { priority: 2, target: 'b' }] },
      },
      {
        type: 'answered',
        at: 3,
        answer: { type: 'HTTPS', ttl: 60, records: [{ priority: 1, target: '.', ech: true }, { priority: 2, target: 'b', ech: false }] },
      },
    ],
    ['resolved', { type: 'resolved', at: 4 }, { type: 'resolved', at: 4 }],
    ['resolved, with an error', { type: 'resolved', at: 4, error: plain }, { type: 'resolved', at: 4, error: { message: 'broken' } }],
    ['queued', { type: 'queued', at: 5, endpoints: [endpoint] }, { type: 'queued', at: 5, endpoints: [endpoint] }],
    ['started', { type: 'started', at: 6, endpoint }, { type: 'started', at: 6, endpoint }],
    [
      'progressed',
      { type: 'progressed', at: 7, endpoint, stage: 'tls', after: 3 },
      { type: 'progressed', at: 7, endpoint, stage: 'tls', after: 3 },
    ],
    [
      'failed',
      { type: 'failed', at: 8, endpoint, error: refused },
      { type: 'failed', at: 8, endpoint, error: { code: 'ECONNREFUSED', message: 'connect refused' } },
    ],
    [
      'failed, with a terminal error',
      { type: 'failed', at: 8, endpoint, error: plain, terminal: true },
      { type: 'failed', at: 8, endpoint, error: { message: 'broken' }, terminal: true },
    ],
    ['cancelled', { type: 'cancelled', at: 9, endpoint }, { type: 'cancelled', at: 9, endpoint }],
    [
      'cancelled, because it gave way',
      { type: 'cancelled', at: 9, endpoint, error: plain },
      { type: 'cancelled', at: 9, endpoint, error: { message: 'broken' } },
    ],
    ['connected, without its value', { type: 'connected', at: 10, endpoint, value: 'socket' }, { type: 'connected', at: 10, endpoint }],
  ])('%s', (_, event, json) => {
    expect(eventJson(event)).toStrictEqual(json);
  }); // prettier-ignore

  const full: Endpoint = {
    ...endpoint,
    protocol: 'quic',
    via: '64:ff9b::c000:201',
    service: { target: 'cdn.example', alpn: ['h3'], hint: false, record: { priority: 7, target: 'cdn.example', ech: Uint8Array.of(1) } },
  }; // prettier-ignore

  it.each<RaceEvent>([
    { type: 'queued', at: 0, endpoints: [full] },
    { type: 'started', at: 0, endpoint: full },
    { type: 'progressed', at: 0, endpoint: full, stage: 'tls', after: 0 },
    { type: 'failed', at: 0, endpoint: full, error: plain },
    { type: 'cancelled', at: 0, endpoint: full },
    { type: 'connected', at: 0, endpoint: full, value: 0 },
  ])('shows the priority of an endpoint’s record instead of the record: $type', (event) => {
    const json = { ...full, service: { target: 'cdn.example', alpn: ['h3'], hint: false, priority: 7 } };
    expect(eventJson(event)).toMatchObject('endpoints' in event ? { endpoints: [json] } : { endpoint: json });
    expect(JSON.stringify(eventJson(event))).not.toContain('record');
  });

  it('omits the absent fields of a service', () => {
    const service = { target: 'alias.example', alpn: [] };
    expect(endpointJson({ ...endpoint, service })).toStrictEqual({ ...endpoint, service });
    expect(endpointJson({ ...endpoint, service: { ...service, hint: true } })).toStrictEqual({
      ...endpoint,
      service: { ...service, hint: true },
    });
  });
});
