import type { ModelledClient, ModelledNetwork, ModelledResult, Fate as ModelledFate } from '../models/model.js';
import type { Visit } from './clients.js';
import { isAnswered, type Result } from './sample.js';
import type { Fate } from './world.js';

/** Runs a race as another client would. */
export function modelledResult(met: Visit, client: ModelledClient): Result {
  return resultOf(client.run(networkOf(met)), met);
}

/** One for all clients of a visit. */
const networks = new WeakMap<Visit, ModelledNetwork>();

function networkOf(met: Visit): ModelledNetwork {
  const known = networks.get(met);
  if (known) return known;
  const fates = Object.fromEntries([...met.fates].map(([address, fate]) => [address, modelledFate(fate)]));
  const network = { answers: { AAAA: met.AAAA, A: met.A }, fates };
  networks.set(met, network);
  return network;
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
