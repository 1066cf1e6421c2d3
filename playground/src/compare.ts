import { clients } from '../../src/models/clients.js';
import type { Fate, Handshake, ModelledNetwork, ModelledResult } from '../../src/models/model.js';
import { addressesOf, HANDSHAKE_BYTES, HOST, placeOf, PORT, type AnswerState, type PlaceState, type State } from './state.js';

/** What a client would have made of a state's network. */
export interface Compared {
  readonly name: string;
  readonly manner: string;
  readonly result: ModelledResult;
}

/** The network of a state, as models have it. HTTPS records and NAT64 are left out: no model knows them. */
export function modelledNetwork(state: State): ModelledNetwork {
  const fates = addressesOf(state).map((address) => [address, modelledFate(placeOf(state, address), state.tls)] as const);
  return {
    host: HOST,
    port: PORT,
    answers: { AAAA: modelledAnswer(state.aaaa), A: modelledAnswer(state.a) },
    fates: Object.fromEntries(fates),
  };
}

/** Each client that there is a model of. */
export function compare(state: State): readonly Compared[] {
  const network = modelledNetwork(state);
  return clients.map(({ name, manner, run }) => ({ name, manner, result: run(network) }));
}

const CODES = { nodata: 'ENODATA', nxdomain: 'ENOTFOUND', servfail: 'ESERVFAIL' } as const;

function modelledAnswer({ kind, after, addresses }: AnswerState) {
  if (kind === 'never') return { at: Infinity, addresses: [] };
  return kind === 'addresses' ? { at: after, addresses } : { at: after, addresses: [], code: CODES[kind] };
}

function modelledFate({ kind, after, bytes }: PlaceState, tls: boolean): Fate {
  const connects = (handshake: Handshake): Fate => ({ type: 'connects', after, ...(tls && { tls: handshake }) });
  switch (kind) {
    case 'silent':
      return { type: 'silent' };
    case 'refuses':
      return { type: 'fails', after, code: 'ECONNREFUSED' };
    case 'icmp':
      return { type: 'fails', after, code: 'EHOSTUNREACH' };
    case 'stalls':
      return connects({ type: 'stalls' });
    case 'breaks':
      return connects(bytes < HANDSHAKE_BYTES ? { type: 'stalls' } : { type: 'completes', after });
    case 'connects':
      return connects({ type: 'completes', after });
  }
}
