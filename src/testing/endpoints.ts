import { parseAddress } from '../core/address/address.js';
import { invalidReturn, invalidType, invalidValue, show } from '../core/input/argument-errors.js';
import { formatEndpoint, type Endpoint } from '../core/race/endpoint.js';
import { behaves, connects, fails, flaky, hangs, isFate, refuses, unreachable } from './fates.js';
import type { Fate, FateOfAttempt, TimedFate } from './fates.js';
import { isPlainObject } from './plain-object.js';
import { parseMarbles } from './parse-marbles.js';

/**
 * The fate of attempts, by address, or by address and port (`192.0.2.1:443`, `[2001:db8::1]:443`, which go first); or a function
 * of the endpoint. In marbles: `'---c'` connects, `'--x'` is refused, `'--u'` finds no route, `'--t--c'` has TCP up and then TLS,
 * `'---'` hangs.
 */
export type Endpoints =
  Readonly<Record<string, Fate | FateOfAttempt | string>> | ((endpoint: Endpoint) => Fate | FateOfAttempt | string);

/** Finds the fate of an attempt. */
export type FindFate = (endpoint: Endpoint, attempt: number) => Fate;

/** The fates as described: how they are found, and whether there is one for an address. */
export interface PlannedFates {
  readonly find: FindFate;
  readonly knows: (address: string) => boolean;
}

/** @throws TypeError, RangeError naming the place in the description */
export function plannedFates(endpoints: Endpoints): PlannedFates {
  if (typeof endpoints === 'function') {
    return {
      find: (endpoint, attempt) => ofAttempt('endpoints()', asFate('endpoints()', endpoints(endpoint)), endpoint, attempt),
      knows: () => true,
    };
  }
  if (!isPlainObject(endpoints)) throw invalidType('endpoints', 'an object or a function', endpoints);
  const fates = new Map<string, Place>();
  const addresses = new Set<string>();
  for (const [key, value] of Object.entries(endpoints)) {
    const name = `endpoints['${key}']`;
    const { address, port } = parseKey(name, key);
    const place = `${address} ${port ?? ''}`;
    const same = fates.get(place);
    if (same) {
      const both = [same.fate, value].map((fate) => (isFate(fate) ? String(fate) : show(fate))).join(' and ');
      throw invalidValue(name, `is the same as ${same.name}, and so would have two fates: ${both}`, key);
    }
    fates.set(place, { name, fate: asFate(name, value) });
    addresses.add(address);
  }
  const find: FindFate = (endpoint, attempt) => {
    const place = fates.get(`${endpoint.address} ${endpoint.port}`) ?? fates.get(`${endpoint.address} `);
    if (!place)
      throw invalidValue('endpoints', `has no fate for ${formatEndpoint(endpoint)}, which was tried`, Object.keys(endpoints));
    return ofAttempt(place.name, place.fate, endpoint, attempt);
  };
  return { find, knows: (address) => addresses.has(address) };
}

interface Place {
  readonly name: string;
  readonly fate: Fate | FateOfAttempt;
}

const WITH_PORT = /^(?:\[(.*)\]|([\d.]+)):(\d+)$/;

function parseKey(name: string, key: string): { readonly address: string; readonly port?: number } {
  const [, six, four, digits] = WITH_PORT.exec(key) ?? [];
  const parsed = parseAddress(six ?? four ?? key);
  if (!parsed) throw invalidValue(name, 'must be named by an IP address, or by one and a port', key);
  if (digits === undefined) return { address: parsed.address };
  const port = Number(digits);
  if (port < 1 || port > 65_535) throw invalidValue(name, 'must have a port from 1 to 65535', key);
  return { address: parsed.address, port };
}

/** Each makes a fate; by itself it would be taken for a function of the attempt's number. */
const UNCALLED = new Set<unknown>([behaves, connects, fails, flaky, hangs, refuses, unreachable]);

function asFate(name: string, value: unknown): Fate | FateOfAttempt {
  if (UNCALLED.has(value)) throw invalidType(name, `a fate, and so be called: ${(value as typeof hangs).name}()`, value);
  if (isFate(value) || typeof value === 'function') return value as Fate | FateOfAttempt;
  if (typeof value === 'string') return fateInMarbles(name, value);
  if (Array.isArray(value)) throw invalidType(name, `one fate (a function of the attempt's number gives each its own)`, value);
  throw invalidType(name, 'a fate, a function that returns one, or marbles', value);
}

function ofAttempt(name: string, fate: Fate | FateOfAttempt, endpoint: Endpoint, attempt: number): Fate {
  if (isFate(fate)) return fate;
  const given: unknown = fate(attempt, endpoint);
  if (isFate(given)) return given;
  if (typeof given === 'string') return fateInMarbles(name, given);
  throw invalidReturn(name, 'a fate', given);
}

/** What a marble says of an attempt's end. */
const ENDS: Readonly<Record<string, (after: number) => TimedFate>> = {
  c: connects,
  x: (after) => fails(after, 'ECONNREFUSED'),
  u: (after) => fails(after, 'ENETUNREACH'),
};

function fateInMarbles(name: string, marbles: string): Fate {
  const happenings = parseMarbles(name, marbles);
  const tcp = happenings[0]?.marble === 't' ? happenings.shift() : undefined;
  const [end, more] = happenings;
  if (more) throw invalidValue(name, `has two fates: it goes on at column ${more.column}, after its end`, marbles);
  if (end && !Object.hasOwn(ENDS, end.marble)) {
    throw invalidValue(name, `has '${end.marble}' at column ${end.column}, where there are t, c, x and u alone`, marbles);
  }
  const after = (end?.at ?? 0) - (tcp?.at ?? 0);
  const fate = end ? ENDS[end.marble]!(after) : hangs();
  return tcp ? connects(tcp.at).thenTls(fate) : fate;
}
