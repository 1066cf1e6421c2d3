import type { RaceEvent } from '../core/race/events.js';
import { AnswerGate } from './answer-gate.js';
import { lookupOf, modelClient, visit, type Visit } from './clients.js';
import type { Internet } from './internet.js';
import { play, type Run } from './play.js';
import { emptySample, keep, resultOf, type Sample } from './sample.js';
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
export function simulate(part: Part, ways: readonly OwnWay[]): readonly Sample[] {
  const samples = ways.map(() => emptySample(part.to - part.from));
  eachVisit(part, (met, index) => {
    ways.forEach((way, which) => {
      keep(samples[which]!, index, resultOf(playVisit(met, way)));
    });
  });
  return samples;
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
