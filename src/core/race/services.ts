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

/** The terms of a race with service records. */
export interface ServiceTerms {
  readonly host: string;
  readonly port: number;
  readonly family: 0 | Family;
  readonly scheme: Scheme;
  /** The client's protocols, best first. With `h3`, each endpoint that supports it is also dialled over QUIC. */
  readonly alpn: readonly string[];
  /** Whether hints that no answer confirms are dropped, or tried after everything else. */
  readonly hints: 'untilAnswered' | 'lastResort';
  readonly pacing: Pick<Pacing, 'preferredFamily' | 'suspects' | 'resolutionDelay'>;
  readonly translation?: Translation;
  readonly random: () => number;
  /** Called with a message for every record that is ignored. */
  readonly complain: (complaint: string) => void;
}

/** A query that a race makes: for service records, or for the addresses of both families. */
export interface ServiceQuery {
  readonly name: string;
  readonly type: 'HTTPS' | 'addresses';
  /** For addresses: this family only, because the other's have arrived already. */
  readonly family?: Family;
}

/** A name and a port that offer a service. */
export interface ServicePlace {
  readonly target: string;
  readonly port: number;
  /** The protocols that its record and the client share; absent without a record. */
  readonly alpn?: readonly string[];
}

/** The most names that one race looks up: the host, aliases and targets. */
const MOST_NAMES = 8;

/** The most targets that are looked up at the same time. */
const TARGETS_AT_ONCE = 3;

/**
 * What a race knows about the services behind its host. It folds answers one by one and tells where to connect, in groups, and
 * what to query next.
 *
 *     HTTPS   example.com   1 cdn.example   2 .
 *
 *     group 1   cdn.example   its addresses; the record's hints until they come
 *     group 2   example.com   the host's own
 *     the rest  example.com   addresses without a record
 *
 * Like the schedule, it has no clock and is folded in place.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc9460#section-3 RFC 9460 section 3}; HEv3, "Resolving SVCB/HTTPS Aliases and
 * Targets" and "Grouping By Service Priority"
 */
export class Services implements Gate {
  private readonly names = new Map<string, TargetName>();
  /** The names whose service records have been queried: the first, and the aliases that followed. */
  private readonly chain: string[];
  /** The offers in records, best first. */
  private recorded: readonly Offer[] = [];
  /** The target of an alias, which is an offer even without records. */
  private aliased: Offer | undefined;
  /** The host itself, in case there are no records. */
  private readonly fallback: Offer;
  private readonly wanted: ServiceQuery[] = [];
  private readonly targets: string[] = [];
  private readonly grouped: ServiceGroups;
  /** Whether a usable record has arrived, or it is certain that there is none. */
  private isKnown = false;
  /** When the first endpoint appeared. */
  private positiveAt = Infinity;

  /** Whether the last answer changed the endpoints. */
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

  /** The queries to make now. Each is returned once. */
  questions(): readonly ServiceQuery[] {
    while (this.targets.length > 0 && this.targetsUnderWay < TARGETS_AT_ONCE) {
      this.ask(this.targets.shift()!);
    }
    return this.wanted.splice(0);
  }

  /** Addresses from the additional section are not queried again: RFC 9460 section 4.1. */
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

  /** The endpoints in groups that are sorted separately. No endpoint appears twice. */
  get groups(): readonly (readonly Endpoint[])[] {
    return this.grouped.current;
  }

  /** The offers, best first, for a proxy that resolves names itself. */
  get places(): readonly ServicePlace[] {
    return this.offers.map(({ target, port, service }) => ({ target, port, ...(service && { alpn: service.alpn }) }));
  }

  /** All offers, best first. */
  private get offers(): readonly Offer[] {
    return [...this.recorded, ...(this.aliased ? [this.aliased] : []), this.fallback];
  }

  /** The addresses of all names, for their times to live. */
  get known(): readonly KnownEndpoint[] {
    return [...this.names.values()].flatMap(({ known }) => known);
  }

  /** The names whose addresses have been queried. */
  get askedNames(): readonly string[] {
    return [...this.names].filter(([name, { isAsked }]) => isAsked || name === this.fallback.target).map(([name]) => name);
  }

  /** Whether there is an endpoint. */
  get isPositive(): boolean {
    return this.groups.length > 0;
  }

  /** Whether everything that the Resolution Delay waits for has arrived. */
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

  /** Whether the service records of a name are still missing after the whole Resolution Delay. */
  hasWaitedFor(name: string, at: number): boolean {
    return !this.isKnown && name === this.chain.at(-1) && at - this.positiveAt >= this.terms.pacing.resolutionDelay;
  }

  /** Folds one more answer. */
  fold(event: Answered): void {
    const { answer } = event;
    if (answer.type === 'HTTPS') this.foldRecords(answer);
    else this.foldAddresses(event);
    this.isReordered = this.grouped.regroup(this.offers);
    if (this.isPositive) this.positiveAt = Math.min(this.positiveAt, event.at);
  }

  /** Records that an attempt on this endpoint has begun, so that it is not started again. */
  start(endpoint: Endpoint): void {
    this.grouped.start(endpoint);
  }

  /** Records that a query has ended, with or without an answer. */
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
    // A late answer for a name that was replaced by an alias is ignored.
    if (asked !== this.chain.at(-1)) return;
    this.isKnown = true;
    const aliases = answer.records.filter(({ priority }) => priority === 0);
    const targets = aliases.map(({ target }) => normalName(target)).filter((target) => target !== '');
    if (targets.length < aliases.length) complain(`an alias of ${asked} says that there is no such service, and is ignored`);
    if (targets.length > 0) this.follow(asked, shuffled(targets, random)[0]!);
    else if (aliases.length === 0) this.offer(asked, answer.records);
  }

  /** An alias loop, or a chain that is too long, counts as no record. */
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

  /** Queues a name for look-up unless it is known or there are too many names. Returns false in the latter case. */
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
    // The additional section may mention it before the record does.
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
