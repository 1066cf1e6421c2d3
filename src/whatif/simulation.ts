import { clients } from '../models/clients.js';
import type { RaceEvent } from '../core/race/events.js';
import { AnswerGate } from './answer-gate.js';
import { lookupOf, modelClient, visit, type Visit } from './clients.js';
import type { Internet } from './internet.js';
import { play, type Run } from './play.js';
import { modelledResult } from './modelled.js';
import { emptySample, keep, resultOf, type Result, type Sample } from './sample.js';
import type { Terms } from './terms.js';
import { gathering, ipv6First } from './world.js';

/** A part of a simulation: some of its races, by their numbers. */
export interface Part {
  readonly internet: Internet;
  readonly seed: number;
  readonly from: number;
  readonly to: number;
}

/** How this package runs a race. */
export interface OwnWay {
  readonly terms: Terms;
  /** Whether it asks for service records, and waits for them as it does. */
  readonly serviceRecords?: boolean;
}

/** How another client does, by its name. */
export interface ModelledWay {
  readonly client: string;
}

export type Way = OwnWay | ModelledWay;

/** Goes through the races of a part, in order. */
export function eachVisit({ internet, seed, from, to }: Part, run: (visit: Visit, index: number, client: number) => void): void {
  let client = modelClient(internet, seed, Math.floor(from / internet.racesOfAClient));
  for (let race = from; race < to; race++) {
    const number = Math.floor(race / internet.racesOfAClient);
    if (number !== client.number) client = modelClient(internet, seed, number);
    run(visit(internet, client, seed, race), race - from, number);
  }
}

/** Runs the races of a part, each way on the same network; the samples are in the order of the ways. */
export function simulate(part: Part, ways: readonly Way[]): readonly Sample[] {
  const samples = ways.map(() => emptySample(part.to - part.from));
  const racing = ways.map(racingBy);
  eachVisit(part, (met, index) => {
    racing.forEach((race, which) => {
      keep(samples[which]!, index, race(met));
    });
  });
  return samples;
}

function racingBy(way: Way): (met: Visit) => Result {
  if ('terms' in way) return (met) => resultOf(playVisit(met, way));
  const client = clients.find(({ name }) => name === way.client);
  if (!client) throw new RangeError(`there is no model of ${way.client}`);
  return (met) => modelledResult(met, client);
}

export function playVisit(met: Visit, { terms, serviceRecords = false }: OwnWay, tell?: (event: RaceEvent) => void): Run {
  return play(
    {
      lookup: lookupOf(met, serviceRecords),
      endpointsAfter: gathering(PORT, terms, ipv6First),
      fateOf: ({ address }) => met.fates.get(address)!,
      ...(serviceRecords && { gate: new AnswerGate(terms.preferredFamily) }),
    },
    terms,
    tell,
  );
}

export const PORT = 443;
