import { createHmac } from 'node:crypto';
import { parseAddress, type Address } from '../core/address/address.js';
import type { AnswerJson, EndpointJson, ErrorJson, EventJson, ServiceJson, ServiceRecordJson } from '../core/race/event-json.js';

/** Replaces names and addresses, in the same way for the same key. */
export interface Hashing {
  readonly name: (name: string) => string;
  readonly address: (address: string) => string;
  readonly text: (event: EventJson) => EventJson;
}

/**
 * Names become `h-….invalid`. Addresses become unassigned ones of the same family, and those of one network (/48, /24) are
 * of one network again: `fd00::/8` and `240.0.0.0/4`. Messages of errors, which hold both, are left out.
 *
 * @param key who does not have it cannot find out by trying
 */
export function hashing(key: string): Hashing {
  const known = new Map<string, string>();
  const digest = (text: string) => createHmac('sha256', key).update(text).digest();
  const remembered = (text: string, make: () => string) => {
    const before = known.get(text);
    if (before !== undefined) return before;
    if (known.size === REMEMBERED) known.clear();
    const made = make();
    known.set(text, made);
    return made;
  };
  const address = (text: string) =>
    remembered(text, () => {
      const parsed = parseAddress(text);
      if (!parsed) return text;
      const whole = digest(parsed.address);
      const network = digest(networkOf(parsed));
      return parsed.family === 6 ? uniqueLocal(network, whole) : reserved(network, whole);
    });
  const name = (text: string) => {
    if (text === '' || text === '.') return text;
    if (parseAddress(text)) return address(text);
    return remembered(`name ${text}`, () => `h-${digest(`name ${text.toLowerCase()}`).toString('hex', 0, 8)}.invalid`);
  };
  const text = (event: EventJson) => hashedEvent(event, { name, address });
  return { name, address, text };
}

const REMEMBERED = 10_000;

/** The first 48 or 24 bits, as text. */
function networkOf({ address, family }: Address): string {
  if (family === 4) return address.split('.').slice(0, 3).join('.');
  const [head = '', tail] = address.split('%')[0]!.split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail ? tail.split(':') : [];
  const groups =
    tail === undefined
      ? before
      : [...before, ...Array<string>(Math.max(0, 8 - before.length - after.length)).fill('0'), ...after];
  return groups.slice(0, 3).join(':');
}

function uniqueLocal(network: Buffer, whole: Buffer): string {
  const hex = `fd${network.toString('hex', 0, 5)}0000${whole.toString('hex', 0, 8)}`;
  return parseAddress(hex.match(/.{4}/g)!.join(':'))!.address;
}

function reserved(network: Buffer, whole: Buffer): string {
  return [240 + (network[0]! & 15), network[1]!, whole[0]!, whole[1]!].join('.');
}

type Replacing = Pick<Hashing, 'name' | 'address'>;

function hashedEvent(event: EventJson, by: Replacing): EventJson {
  switch (event.type) {
    case 'answered':
      return { ...event, answer: hashedAnswer(event.answer, by) };
    case 'resolved':
      return event.error ? { ...event, error: codeAlone(event.error) } : event;
    case 'queued':
      return { ...event, endpoints: event.endpoints.map((endpoint) => hashedEndpoint(endpoint, by)) };
    case 'failed':
      return { ...event, endpoint: hashedEndpoint(event.endpoint, by), error: codeAlone(event.error) };
    case 'cancelled': {
      const hashed = { ...event, endpoint: hashedEndpoint(event.endpoint, by) };
      return event.error ? { ...hashed, error: codeAlone(event.error) } : hashed;
    }
    default:
      return { ...event, endpoint: hashedEndpoint(event.endpoint, by) };
  }
}

function hashedEndpoint(endpoint: EndpointJson, by: Replacing): EndpointJson {
  const { address, via, service } = endpoint;
  return {
    ...endpoint,
    address: by.address(address),
    ...(via !== undefined && { via: by.address(via) }),
    ...(service && { service: hashedService(service, by) }),
  };
}

function hashedService(service: ServiceJson, by: Replacing): ServiceJson {
  return { ...service, target: by.name(service.target) };
}

function hashedAnswer(answer: AnswerJson, by: Replacing): AnswerJson {
  const { name, error } = answer;
  const others = { ...(name !== undefined && { name: by.name(name) }), ...(error && { error: codeAlone(error) }) };
  if (answer.type === 'HTTPS') return { ...answer, ...others, records: answer.records.map((record) => hashedRecord(record, by)) };
  return { ...answer, ...others, addresses: answer.addresses.map(by.address) };
}

function hashedRecord(record: ServiceRecordJson, by: Replacing): ServiceRecordJson {
  const { target, ipv4hint, ipv6hint } = record;
  return {
    ...record,
    target: by.name(target),
    ...(ipv4hint && { ipv4hint: ipv4hint.map(by.address) }),
    ...(ipv6hint && { ipv6hint: ipv6hint.map(by.address) }),
  };
}

function codeAlone({ code }: ErrorJson): ErrorJson {
  return { ...(code !== undefined && { code }), message: code ?? 'failed' };
}
