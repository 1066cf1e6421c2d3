import { Observable } from 'rxjs';
import { isOfAddresses, recordType, type AnyAnswer, type Answer } from '../core/race/answers.js';
import { invalidType, invalidValue } from '../core/input/argument-errors.js';
import { normalName } from '../core/input/host-name.js';
import { parseAddress } from '../core/address/address.js';
import type { Resolver } from '../rx/resolver.js';
import type { Clock } from './clock.js';
import { isPlainObject } from './plain-object.js';
import { nodata, nxdomain, plannedAnswers, type PlannedAnswer, type Replies, type ServiceReplies } from './replies.js';

/** How the queries for a host are answered; a type that is not named has no data. */
export interface HostRecords {
  readonly AAAA?: Replies;
  readonly A?: Replies;
  /** Asked for by races with the option `serviceRecords`. */
  readonly HTTPS?: ServiceReplies;
}

/** What is known of a host: its records, or its addresses alone. */
export type HostDescription = HostRecords | readonly string[];

/**
 * What DNS says: of every host, or by host, where one that is not named does not exist; or a resolver of your own, whose times
 * are its own affair.
 */
export type Dns = HostDescription | Readonly<Record<string, HostDescription>> | Resolver;

/** What comes of the queries for a host, in the order in which they are asked. */
type FindAnswers = (host: string) => readonly PlannedAnswer[];

const TYPES = ['AAAA', 'A', 'HTTPS'] as const;

/** What looks like a type of record, and would be the name of a host. */
const LIKE_A_TYPE = /^(?:[A-Z]+|a|aaaa|https|svcb|cname)$/;

/**
 * A resolver that answers as described, and completes with the last answer.
 *
 * @param knows whether an address has a fate
 * @throws TypeError, RangeError naming the place in the description
 */
export function virtualResolver(dns: Exclude<Dns, Resolver>, knows: (address: string) => boolean, clock: Clock): Resolver {
  const find = plannedDns(dns, knows);
  const ask = (host: string, isAsked: (type: AnyAnswer['type']) => boolean) =>
    new Observable<AnyAnswer>((subscriber) => {
      const answers = find(host).filter(({ type }) => isAsked(type));
      let open = answers.length;
      for (const { after, answer } of answers) {
        const come = () => {
          subscriber.next(answer(host));
          if (--open === 0) subscriber.complete();
        };
        subscriber.add(clock.schedule(come, after));
      }
    });
  const addresses: Resolver = (host, { family } = {}) =>
    ask(host, (type) => type !== 'HTTPS' && (family === undefined || type === recordType(family))) as Observable<Answer>;
  const serviceRecords = (name: string) => ask(name, (type) => type === 'HTTPS');
  return Object.assign(addresses, { serviceRecords });
}

function plannedDns(dns: Exclude<Dns, Resolver>, knows: (address: string) => boolean): FindAnswers {
  if (!Array.isArray(dns) && !isPlainObject(dns)) throw invalidType('dns', 'an object, a list of addresses or a resolver', dns);
  const records = (name: string, description: unknown) => {
    const planned = plannedHost(name, description);
    for (const { type, answer } of planned) {
      for (const text of addressesOf(answer(''))) {
        // Known addresses are in canonical form, as most that are listed: those need not be parsed once more.
        if (!knows(text) && !knows(parseAddress(text)!.address))
          throw invalidValue(`${name}.${type}`, 'lists an address that has no fate in endpoints', text);
      }
    }
    return planned;
  };
  const names = Object.keys(dns);
  if (Array.isArray(dns) || names.some((name) => (TYPES as readonly string[]).includes(name))) {
    const answers = records('dns', dns);
    return () => answers;
  }
  const hosts = new Map<string, PlannedAnswer[]>();
  for (const [name, description] of Object.entries(dns)) {
    if (LIKE_A_TYPE.test(name)) throw invalidValue(`dns.${name}`, `is no type of record: ${TYPES.join(', ')}`, description);
    if (hosts.has(normalName(name))) throw invalidValue(`dns['${name}']`, 'is there twice', description);
    hosts.set(normalName(name), records(`dns['${name}']`, description));
  }
  const nothing = TYPES.flatMap((type) => plannedAnswers('dns', type, nxdomain()));
  return (host) => hosts.get(normalName(host)) ?? nothing;
}

/** Those of the answer, and the hints of its records. */
function addressesOf(answer: AnyAnswer): readonly string[] {
  if (isOfAddresses(answer)) return answer.addresses;
  return answer.records.flatMap(({ ipv4hint = [], ipv6hint = [] }) => [...ipv6hint, ...ipv4hint]);
}

function plannedHost(name: string, description: unknown): PlannedAnswer[] {
  if (!Array.isArray(description) && !isPlainObject(description))
    throw invalidType(name, 'records by type, or a list of addresses', description);
  if (Array.isArray(description)) return ofAddresses(name, description as unknown[]);
  for (const [type, replies] of Object.entries(description)) {
    if (!(TYPES as readonly string[]).includes(type))
      throw invalidValue(`${name}.${type}`, `is no type of record: ${TYPES.join(', ')}`, replies);
  }
  return TYPES.flatMap((type) => {
    const { [type]: replies = nodata() } = description as HostRecords;
    return plannedAnswers(`${name}.${type}`, type, replies);
  });
}

function ofAddresses(name: string, addresses: readonly unknown[]): PlannedAnswer[] {
  return TYPES.flatMap((type) => {
    if (type === 'HTTPS') return plannedAnswers(name, type, nodata());
    const own = addresses.filter((text) => typeof text !== 'string' || text.includes(':') === (type === 'AAAA')) as string[];
    return plannedAnswers(name, type, own.length > 0 ? own : nodata());
  });
}
