import { invalidType, invalidValue } from '../core/input/argument-errors.js';
import { boolean, checkEach, integer, string, type Checks } from '../core/input/checks.js';
import { parseAddress, type Family } from '../core/address/address.js';
import type { ServiceRecord } from '../core/race/service-records.js';
import { isPlainObject } from './plain-object.js';

/**
 * An HTTPS record of a service: `service('cdn.example', { port: 8443 })`. `.`: the name itself.
 *
 * @param parameters those of the record; `priority` is 1 by default
 */
export function service(
  target: string,
  { priority = 1, ...parameters }: Omit<Partial<ServiceRecord>, 'target'> = {},
): ServiceRecord {
  const record = { priority, target, ...parameters };
  checkRecord('service()', record);
  if (priority === 0) throw invalidValue('priority', 'is that of an alias: alias(target)', priority);
  return record;
}

/** An HTTPS record that leads to another name, whose records count: `alias('svc.example')`. */
export function alias(target: string): ServiceRecord {
  const record = { priority: 0, target };
  checkRecord('alias()', record);
  return record;
}

/** Whether a value is meant to be a record: a reply has no target. */
export function isRecord(value: unknown): value is ServiceRecord {
  return isPlainObject(value) && 'target' in value;
}

/** Throws, with the place in the description, unless it is a record. */
export function checkRecord(name: string, value: unknown): asserts value is ServiceRecord {
  if (!isRecord(value)) throw invalidType(name, 'service records: service(target), alias(target)', value);
  checkEach(name, value, SERVICE_RECORD_CHECKS);
  if (!('priority' in value)) throw invalidType(`${name}.priority`, 'a number', undefined);
}

function list(check: (name: string, value: unknown) => void) {
  return (name: string, value: unknown) => {
    if (!Array.isArray(value)) throw invalidType(name, 'an array', value);
    value.forEach((one) => {
      check(name, one);
    });
  };
}

function addressOf(family: Family) {
  return (name: string, value: unknown) => {
    if (typeof value !== 'string' || parseAddress(value)?.family !== family)
      throw invalidValue(name, `must hold IPv${family} addresses`, value);
  };
}

const number16 = integer(0, 65535);

const SERVICE_RECORD_CHECKS: Checks<ServiceRecord> = {
  priority: number16,
  target: (name, value) => {
    string(name, value);
    if (value === '') throw invalidValue(name, 'must be a name, or .', value);
  },
  alpn: list(string),
  noDefaultAlpn: boolean,
  port: number16,
  ipv4hint: list(addressOf(4)),
  ipv6hint: list(addressOf(6)),
  ech: (name, value) => {
    if (!(value instanceof Uint8Array)) throw invalidType(name, 'a Uint8Array', value);
  },
  mandatory: list(string),
};
