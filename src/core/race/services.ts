import { type Address, FAMILIES, type Family, parseAddress } from '../address/address.js';
import { normalName } from '../input/host-name.js';
import { answerFamily, saysNothing, type ServiceAnswer } from './answers.js';
import type { Endpoint, Service } from './endpoint.js';
import type { Answered } from './events.js';
import { gatherEndpoints, type KnownEndpoint, type Translation } from './known-endpoints.js';
import type { Gate, Pacing } from './schedule.js';
import { ServiceGroups, TargetName, type Offer } from './service-groups.js';
import { servicePort, serviceRecordName, type Scheme, type ServiceRecord } from './service-records.js';
import { shuffled } from './shuffled.js';
import { usableRecords, type UsableRecord } from './usable-records.js';

/** What a race that goes by service records wants of them. */
export interface ServiceTerms {
  readonly host: string;
  readonly port: number;
  readonly family: 0 | Family;
  readonly scheme: Scheme;
  /** What the client speaks, best first. With `h3` each endpoint that speaks it is dialled by QUIC as well. */
  readonly alpn: readonly string[];
  /** Whether hints that no answer has confirmed are dropped, or tried after all else. */
  readonly hints: 'untilAnswered' | 'lastResort';
  readonly pacing: Pick<Pacing, 'preferredFamily' | 'suspects' | 'resolutionDelay'>;
  readonly translation?: Translation;
  readonly random: () => number;
  /** Called with a message for every record that is not used. */
  readonly complain: (complaint: string) => void;
}

/** A question that a race has to ask: for service records, or for both families' addresses. */
export interface ServiceQuery {
  readonly name: string;
  readonly type: 'HTTPS' | 'addresses';
  /** Of addresses: this family alone, since the other's have come already. */
  readonly family?: Family;
}

/** A name and a port where a service is to be had. */
export interface ServicePlace {
  readonly target: string;
  readonly port: number;
  /** The protocols that its record and the client share; absent where no record speaks of it. */
  readonly alpn?: readonly string[];
}

/** Names that are looked up for one race, with the host: aliases and targets together. */
const MOST_NAMES = 8;

/** Targets of records that are looked up at a time. */
const TARGETS_AT_ONCE = 3;

/**
 * What a race knows of the services behind its host, folded from the answers one by one: where to connect, in groups, and what
 * else there is to ask.
 *
 *     HTTPS   example.com   1 cdn.example   2 .
 *
 *     group 1   cdn.example   its addresses; the record's hints until they come
 *     group 2   example.com   the host's own
 *     the rest  example.com   addresses that no record speaks of
 *
 * Like the schedule, it has no clock and is folded in place.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc9460#section-3 RFC 9460 section 3}; HEv3, "Resolving SVCB/HTTPS Aliases and
 * Targets" and "Grouping By Service Priority"
 */
export class Services implements Gate {
  private readonly names = new Map<string, TargetName>();
  /** Names whose service records have been asked for: the first, and those to which its aliases lead. */
  private readonly chain: string[];
  /** Where the service is to be had by its records, best first. */
  private recorded: readonly Offer[] = [];
  /** Where an alias has led, which counts also without records. */
  private aliased: Offer | undefined;
  /** Where it is to be had if there were no records. */
  private readonly fallback: Offer;
  private readonly wanted: ServiceQuery[] = [];
  private readonly targets: string[] = [];
  private readonly grouped: ServiceGroups;
  /** A record that can be used has come, or it is clear that there is none. */
  private isKnown = false;
  /** When there was an endpoint for the first time. */
  private positiveAt = Infinity;

  /** The last answer has changed the endpoints. */
  isReordered = false;

  constructor(private readonly terms: ServiceTerms) {
    const { host, port, scheme } = terms;
    const origin = normalName(host);
    this.chain = [normalName(serviceRecordName(host, port, scheme))];
    this.fallback = { target: origin, port, hints: [] };
    this.names.set(origin, new TargetName());
    this.grouped = new ServiceGroups(terms, this.names);
    this.wanted.push({ name: this.chain[0]!, type: 'HTTPS' }, { name: origin, type: 'addresses' });
  }

  /** What is to be asked now that has not been before. Each question is given once. */
  questions(): readonly ServiceQuery[] {
    while (this.targets.length > 0 && this.targetsUnderWay < TARGETS_AT_ONCE) {
      this.ask(this.targets.shift()!);
    }
    return this.wanted.splice(0);
  }

  /** What the additional section has brought is not asked for again: RFC 9460 section 4.1. */
  private ask(target: string): void {
    const name = this.names.get(target)!;
    name.isAsked = true;
    const missing = FAMILIES.filter((family) => this.isWanted(family) && !name.heard.has(family));
    name.hasEnded = missing.length === 0;
    if (missing.length === 0) return;
    this.wanted.push({ name: target, type: 'addresses', ...(missing.length === 1 && { family: missing[0] }) });
  }

  private isWanted(family: Family): boolean {
    return this.terms.family === 0 || this.terms.family === family;
  }

  /** The endpoints, in the groups in which they are sorted; none twice. */
  get groups(): readonly (readonly Endpoint[])[] {
    return this.grouped.current;
  }

  /** Where the service is to be had, best first: what a proxy is told that looks names up by itself. */
  get places(): readonly ServicePlace[] {
    return this.offers.map(({ target, port, service }) => ({ target, port, ...(service && { alpn: service.alpn }) }));
  }

  /** The same with what is known of each. */
  private get offers(): readonly Offer[] {
    return [...this.recorded, ...(this.aliased ? [this.aliased] : []), this.fallback];
  }

  /** All addresses of all names, for their times to live. */
  get known(): readonly KnownEndpoint[] {
    return [...this.names.values()].flatMap(({ known }) => known);
  }

  /** The names whose addresses have been asked for. */
  get askedNames(): readonly string[] {
    return [...this.names].filter(([name, { isAsked }]) => isAsked || name === this.fallback.target).map(([name]) => name);
  }

  /** There is an endpoint. */
  get isPositive(): boolean {
    return this.groups.length > 0;
  }

  /** Nothing that the Resolution Delay waits for is missing. */
  get isReady(): boolean {
    if (!this.isKnown) return false;
    const states = this.recorded.map((offer) => this.stateOf(offer));
    if (states.includes('ready')) return true;
    if (states.includes('open')) return false;
    for (const offer of [this.aliased, this.fallback]) {
      const state = offer && this.stateOf(offer);
      if (state !== undefined && state !== 'empty') return state === 'ready';
    }
    return false;
  }

  /** Whether the service records of a name are still to come, and the whole Resolution Delay has been spent on them. */
  hasWaitedFor(name: string, at: number): boolean {
    return !this.isKnown && name === this.chain.at(-1) && at - this.positiveAt >= this.terms.pacing.resolutionDelay;
  }

  /** Takes one more answer in. */
  fold(event: Answered): void {
    const { answer } = event;
    if (answer.type === 'HTTPS') this.foldRecords(answer);
    else this.foldAddresses(event);
    this.isReordered = this.grouped.regroup(this.offers);
    if (this.isPositive) this.positiveAt = Math.min(this.positiveAt, event.at);
  }

  /** An attempt on this endpoint has begun: it is not begun anew, whatever is learnt of it. */
  start(endpoint: Endpoint): void {
    this.grouped.start(endpoint);
  }

  /** A question is over, with an answer or without. */
  end({ name, type }: ServiceQuery): void {
    if (type === 'HTTPS') this.isKnown ||= name === this.chain.at(-1);
    else this.nameOf(name).hasEnded = true;
  }

  private foldAddresses({ answer, ...event }: Answered): void {
    if (answer.type === 'HTTPS') return;
    const name = this.nameOf(normalName(answer.name ?? this.terms.host));
    const { pacing, translation } = this.terms;
    const family = answerFamily(answer);
    if (!saysNothing(answer)) name.confirmed.add(family);
    const isSuspect = answer.addresses.length > 0 && pacing.suspects?.(answer) === true;
    if (!isSuspect) name.answered.add(family);
    name.heard.add(family);
    name.known = gatherEndpoints(name.known, { ...event, answer }, { port: 0, family: this.terms.family, translation });
  }

  private foldRecords(answer: ServiceAnswer): void {
    const { host, random, complain } = this.terms;
    const asked = normalName(answer.name ?? host);
    // What came late of a name that is no longer on the way says nothing.
    if (asked !== this.chain.at(-1)) return;
    this.isKnown = true;
    const aliases = answer.records.filter(({ priority }) => priority === 0);
    const targets = aliases.map(({ target }) => normalName(target)).filter((target) => target !== '');
    if (targets.length < aliases.length) complain(`an alias of ${asked} says that there is no such service, and is ignored`);
    if (targets.length > 0) this.follow(asked, shuffled(targets, random)[0]!);
    else if (aliases.length === 0) this.offer(asked, answer.records);
  }

  /** An alias without end, or one that is too long, counts as if there were no record. */
  private follow(from: string, target: string): void {
    const { complain, port, scheme } = this.terms;
    const isLoop = this.chain.includes(target);
    if (isLoop || !this.add(target)) {
      complain(`the alias from ${from} to ${target} is not followed: ${isLoop ? 'it goes round in circles' : TOO_MANY}`);
      this.aliased = undefined;
      return;
    }
    this.isKnown = false;
    this.chain.push(target);
    this.aliased = this.offerOf(target, servicePort(port, scheme), []);
    this.wanted.push({ name: target, type: 'HTTPS' });
  }

  private offer(owner: string, records: readonly ServiceRecord[]): void {
    const { alpn, port, scheme, random, complain } = this.terms;
    const usable = usableRecords(records, alpn, complain);
    const priorities = [...new Set(usable.map(({ record }) => record.priority))].sort((a, b) => a - b);
    const ordered = priorities.flatMap((priority) => {
      const equals = usable.filter(({ record }) => record.priority === priority);
      return shuffled(equals, random);
    });
    this.recorded = ordered.flatMap((one) => {
      const target = one.record.target === '.' ? owner : normalName(one.record.target);
      if (!this.add(target)) {
        complain(`the addresses of ${target} are not looked up: ${TOO_MANY}`);
        if (!one.record.ipv4hint && !one.record.ipv6hint) return [];
      }
      return [this.offerOf(target, one.record.port ?? servicePort(port, scheme), hintsOf(one.record, random), one)];
    });
  }

  private offerOf(target: string, port: number, hints: readonly Address[], usable?: UsableRecord): Offer {
    const service: Service = { target, alpn: usable?.alpn ?? [], ...(usable && { record: usable.record }) };
    const wanted = hints.filter(({ family }) => this.isWanted(family));
    return { target, port, hints: wanted, service, hinted: { ...service, hint: true } };
  }

  /** Has a name looked up, unless it is or there are too many. Returns whether it is. */
  private add(target: string): boolean {
    const known = this.names.get(target);
    if (known) {
      if (!known.isAsked && target !== this.fallback.target && !this.targets.includes(target)) this.targets.push(target);
      return true;
    }
    if (this.names.size >= MOST_NAMES) return false;
    this.names.set(target, new TargetName());
    this.targets.push(target);
    return true;
  }

  private nameOf(name: string): TargetName {
    const known = this.names.get(name);
    if (known) return known;
    // Of the additional section, before the record that leads to it.
    const made = new TargetName();
    if (this.names.size < MOST_NAMES) this.names.set(name, made);
    return made;
  }

  private get targetsUnderWay(): number {
    return [...this.names.values()].filter((name) => name.isAsked && !name.hasEnded).length;
  }

  private stateOf(offer: Offer): 'ready' | 'open' | 'empty' {
    const { pacing } = this.terms;
    const name = this.names.get(offer.target);
    const has = (one: Family, among: keyof Pick<TargetName, 'answered' | 'heard'>) =>
      !name || name.hasEnded || name[among].has(one) || !this.isWanted(one);
    const hints = offer.hints.filter((hint) => !name?.confirmed.has(hint.family));
    const isAllHeard = FAMILIES.every((one) => has(one, 'heard'));
    if (hints.length === 0 && (name?.known.length ?? 0) === 0) return isAllHeard ? 'empty' : 'open';
    const { preferredFamily } = pacing;
    const isPreferredThere = has(preferredFamily, 'answered') || hints.some((hint) => hint.family === preferredFamily);
    return isPreferredThere || isAllHeard ? 'ready' : 'open';
  }
}

const TOO_MANY = `${MOST_NAMES} names are looked up for a race, and no more`;

function hintsOf({ ipv4hint = [], ipv6hint = [] }: ServiceRecord, random: () => number): readonly Address[] {
  return shuffled([...ipv6hint, ...ipv4hint], random)
    .map(parseAddress)
    .filter((address) => address !== undefined);
}
