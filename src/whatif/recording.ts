import { chanceOf, seedOf } from './chance.js';
import { AnswerGate } from './answer-gate.js';
import type { Answer } from '../core/race/answers.js';
import type { Endpoint } from '../core/race/endpoint.js';
import type { Answered, Resolved } from '../core/race/events.js';
import { hasServices, lookupOf, recordedEndpoints } from './recorded-answers.js';
import { attemptsOf, keyOf, type RecordedAttempt } from './recorded-attempts.js';
import { recordedOrder } from './recorded-order.js';
import { Paths, pathOf } from './paths.js';
import { play, type Run } from './play.js';
import type { RecordedRace, TermsJson } from './recorded-race.js';
import { Survival, type Observation } from './survival.js';
import type { Terms } from './terms.js';
import { gathering, HANGS, type EndpointsAfter, type Fate, type World } from './world.js';

/** A race of a recording, ready to be run again. */
interface Prepared {
  readonly race: RecordedRace;
  readonly terms: Terms;
  readonly attempts: ReadonlyMap<string, RecordedAttempt>;
  readonly lookup: readonly (Answered | Resolved)[];
  /** How long its winner took to connect. */
  readonly alike: number | undefined;
}

/**
 * A recording, whose races can be run again under other terms.
 *
 * What a race did not live to see is drawn: what would have become of attempts that were cancelled or never made, and answers that
 * came too late. It is drawn once for each race and seed, whatever the terms, so that terms can be compared.
 */
export class Recording {
  private readonly paths = new Paths();
  private readonly answers = new Map<string, Observation<Answer>[]>();
  private readonly answerTimes = new Map<string, Survival<Answer>>();
  private readonly prepared: readonly Prepared[];

  /** @param defaults terms of races whose lines do not tell theirs */
  constructor(
    readonly races: readonly RecordedRace[],
    defaults: Terms,
  ) {
    this.prepared = races.map((race) => this.prepare(race, defaults));
  }

  /** The terms under which a race was run. */
  termsOf(index: number): Terms {
    return this.prepared[index]!.terms;
  }

  /** Runs a race again. */
  replay(index: number, terms: Terms, seed: number): Run {
    const prepared = this.prepared[index]!;
    return play(this.worldOf(prepared, terms, index, seed), terms);
  }

  private prepare(race: RecordedRace, defaults: Terms): Prepared {
    const attempts = attemptsOf(race);
    for (const attempt of attempts) this.paths.add(pathOf(race, attempt), attempt);
    const lookup = lookupOf(race.events);
    if (!hasServices(race.events)) this.learnAnswers(race, lookup);
    const alike = attempts.find(({ fate }) => fate?.outcome === 'connects')?.after;
    const byKey = new Map(attempts.map((attempt) => [attempt.key, attempt]));
    return { race, terms: race.terms ? termsIn(race.terms) : defaults, attempts: byKey, lookup, alike };
  }

  private learnAnswers(race: RecordedRace, lookup: Prepared['lookup']): void {
    for (const type of TYPES) {
      const found = answered(lookup, type);
      const observation = found ? { after: found.at, end: found.answer } : { after: race.duration };
      const name = nameOf(race, type);
      const before = this.answers.get(name);
      if (before) before.push(observation);
      else this.answers.set(name, [observation]);
    }
  }

  private worldOf(prepared: Prepared, terms: Terms, index: number, seed: number): World {
    const { race } = prepared;
    const { delays } = race;
    const isAdaptive = delays !== undefined && terms.connectionAttemptDelay === prepared.terms.connectionAttemptDelay;
    const fates = new Map<string, Fate>();
    const fateOf = (endpoint: Endpoint) => {
      const key = keyOf(endpoint);
      const known = fates.get(key);
      if (known) return known;
      const fate = this.fateOf(prepared, endpoint, chanceOf(seed, index, seedOf(key)));
      fates.set(key, fate);
      return fate;
    };
    return {
      ...this.lookupAndOrder(prepared, terms, index, seed),
      fateOf,
      ...(isAdaptive && { delayOf: ({ address }: Endpoint) => delays[address] }),
    };
  }

  private fateOf({ race, attempts, alike }: Prepared, endpoint: Endpoint, chance: () => number): Fate {
    const attempt = attempts.get(keyOf(endpoint));
    if (attempt?.fate) return attempt.fate;
    const path = pathOf(race, attempt ?? { key: keyOf(endpoint), endpoint });
    const fate = this.paths.draw(path, chance, attempt, alike);
    return fate.outcome === 'hangs' && attempt?.tlsAfter !== undefined ? { ...HANGS, tlsAfter: attempt.tlsAfter } : fate;
  }

  private lookupAndOrder(
    { race, lookup }: Prepared,
    terms: Terms,
    index: number,
    seed: number,
  ): Pick<World, 'lookup' | 'endpointsAfter' | 'gate'> {
    if (hasServices(race.events)) {
      const lists = recordedEndpoints(race.events);
      const events = lookup.filter((event) => event.type === 'answered');
      const gate = new AnswerGate(terms.family || terms.preferredFamily);
      return { lookup, endpointsAfter: (event) => lists[events.indexOf(event)], gate };
    }
    return { lookup: this.completed(race, lookup, index, seed), endpointsAfter: endpointsOf(race, terms) };
  }

  /** The look-up with the answers for which the race did not wait. */
  private completed(race: RecordedRace, lookup: Prepared['lookup'], index: number, seed: number): Prepared['lookup'] {
    if (lookup.some(({ type }) => type === 'resolved')) return lookup;
    const missing = TYPES.filter((type) => isWanted(race, type) && !answered(lookup, type)).flatMap((type): Answered[] => {
      const drawn = this.answerTime(race, type).draw(chanceOf(seed, index, seedOf(type)), race.duration);
      return drawn ? [{ type: 'answered', at: drawn.after, answer: drawn.end }] : [];
    });
    const all = [...lookup, ...missing].sort((a, b) => a.at - b.at);
    return [...all, { type: 'resolved', at: Math.max(race.duration, all.at(-1)?.at ?? 0) }];
  }

  private answerTime(race: RecordedRace, type: Answer['type']): Survival<Answer> {
    const name = nameOf(race, type);
    const before = this.answerTimes.get(name);
    if (before) return before;
    const made = new Survival(this.answers.get(name) ?? []);
    this.answerTimes.set(name, made);
    return made;
  }
}

const TYPES = ['AAAA', 'A'] as const;

function isWanted({ terms }: RecordedRace, type: Answer['type']): boolean {
  return terms === undefined || terms.family === 0 || terms.family === (type === 'AAAA' ? 6 : 4);
}

function answered(lookup: Prepared['lookup'], type: Answer['type']) {
  for (const event of lookup) {
    if (event.type === 'answered' && event.answer.type === type) return { at: event.at, answer: event.answer };
  }
  return undefined;
}

function nameOf({ client = '', host }: RecordedRace, type: string): string {
  return `${client}|${host}|${type}`;
}

function termsIn(json: TermsJson): Terms {
  return Object.fromEntries(
    Object.entries(json).map(([name, value]) => [name, value === 'Infinity' ? Infinity : (value as unknown)]),
  ) as unknown as Terms;
}

/** The endpoints in the recorded order; those that the race did not know come last in their families. */
function endpointsOf(race: RecordedRace, terms: Terms): EndpointsAfter {
  const { leader, placeOf } = recordedOrder(race.events, terms);
  const place = (endpoint: Endpoint) => placeOf(keyOf(endpoint));
  return gathering(race.port, terms, (endpoints) => {
    const sorted = [...endpoints].sort((a, b) => order(place(a), place(b)));
    if (!terms.interleave && terms.preferFamily === undefined) return sorted;
    return [...sorted.filter(({ family }) => family === leader), ...sorted.filter(({ family }) => family !== leader)];
  });
}

function order(a: number, b: number): number {
  return a === b ? 0 : a < b ? -1 : 1;
}
