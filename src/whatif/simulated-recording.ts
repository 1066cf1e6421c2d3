import { eventJson, type EventJson } from '../core/race/event-json.js';
import type { RecordedRace } from './recorded-race.js';
import { termsJson } from './recorded-race.js';
import { eachVisit, playVisit, PORT, type OwnWay, type Part } from './simulation.js';

/** Runs the races of a part, and gives each as a recording has it: with what the race lived to see, and no more. */
export function record(part: Part, way: OwnWay, add: (race: RecordedRace) => void): void {
  eachVisit(part, (met, index, client) => {
    const events: EventJson[] = [];
    const { winner, lost, finish } = playVisit(met, way, (event) => events.push(eventJson(event)));
    add({
      version: 1,
      host: `site-${met.site + 1}.example`,
      port: PORT,
      startedAt: part.from + index,
      duration: finish,
      outcome: winner ? 'connected' : 'failed',
      ...(lost && { error: { reason: lost } }),
      terms: termsJson(way.terms),
      client: `client-${client + 1}`,
      events,
    });
  });
}
