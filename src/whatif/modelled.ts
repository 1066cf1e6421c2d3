import type { ModelledClient, ModelledResult, Fate as ModelledFate } from '../models/model.js';
import type { Visit } from './clients.js';
import { isAnswered, type Result } from './sample.js';
import type { Fate } from './world.js';

/** Runs a race as another client would. */
export function modelledResult(met: Visit, client: ModelledClient): Result {
  const fates = Object.fromEntries([...met.fates].map(([address, fate]) => [address, modelledFate(fate)]));
  return resultOf(client.run({ answers: { AAAA: met.AAAA, A: met.A }, fates }), met);
}

function modelledFate({ outcome, after }: Fate): ModelledFate {
  if (outcome === 'connects') return { type: 'connects', after };
  return outcome === 'fails' ? { type: 'fails', after, code: 'EHOSTUNREACH' } : { type: 'silent' };
}

function resultOf({ attempts, winner, endedAt }: ModelledResult, { fates }: Visit): Result {
  const wasted = attempts.filter(
    ({ address, outcome, startedAt, endedAt: end }) =>
      (outcome === 'aborted' || outcome === 'cancelled') && isAnswered(fates.get(address)!, end - startedAt),
  );
  return {
    time: endedAt,
    attempts: attempts.length,
    wasted: wasted.length,
    family: winner?.family ?? 0,
    place: winner ? attempts.findIndex(({ address }) => address === winner.address) + 1 : 0,
  };
}
