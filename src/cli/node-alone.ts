import { formatDuration } from '../core/format-duration.js';
import { formatDestination } from '../core/race/endpoint.js';
import { parseAddress } from '../core/address/address.js';
import type { ModelledAttempt, ModelledError, ModelledNetwork, ModelledResult } from '../models/model.js';
import { node20, node26 } from '../models/node.js';
import { observedNetwork } from '../models/observed-network.js';
import { sortBy } from '../node/address-selection.js';
import { currentPolicy } from '../node/system-policy.js';
import type { RaceResult } from './run-race.js';

/** What Node alone would have done in place of a race. */
export interface NodeAlone {
  /** As a sentence. */
  readonly text: string;
  readonly models: readonly { readonly name: string; readonly result: ModelledResult }[];
}

/** A race with what Node alone would have done; absent if that is unknown. */
export interface ComparedRace extends RaceResult {
  readonly nodeAlone?: NodeAlone;
}

/**
 * Adds to a race what Node's own `net.connect` would have done with the same answers and addresses, by a model of its
 * `autoSelectFamily`. After an interrupted or blocked race this is unknown.
 */
export function compared(race: RaceResult, destination: { readonly host: string; readonly port: number }): ComparedRace {
  if (race.outcome === 'cancelled' || race.error?.reason === 'blocked') return race;
  const observed = observedNetwork(race.events, destination);
  const network = { ...observed, order: systemOrder(observed) };
  const models = [node20, node26].map(({ name, run }) => ({ name, result: run(network) }));
  const [first, second] = models.map(({ result }) => told(result, race, network)) as [string, string];
  const text = inOneSentence(first, second);
  return { ...race, nodeAlone: { text, models } };
}

function inOneSentence(first: string, second: string): string {
  if (first === second) return `Node alone would ${first}.`;
  // An address that both connect to is named once.
  const [place, time] = second.split(/(?= after )/);
  const other = time !== undefined && first.startsWith(`${place} after `) ? `Node 26${time}` : `Node 26 would ${second}`;
  return `Node 20 alone would ${first}; ${other}.`;
}

/** As `getaddrinfo` sorts on this machine. */
function systemOrder({ answers, port = 0 }: ModelledNetwork): readonly string[] {
  const found = [answers.AAAA, answers.A].flatMap((answer) => answer?.addresses ?? []);
  const endpoints = found.flatMap((text) => parseAddress(text) ?? []).map((address) => ({ ...address, port }));
  return sortBy(currentPolicy())(endpoints).map(({ address }) => address);
}

/** What a client would have done, as the rest of a sentence with "would". */
function told(result: ModelledResult, race: RaceResult, { port = 0 }: ModelledNetwork): string {
  const { attempts, winner, endedAt, error, certain } = result;
  const at = ({ address }: ModelledAttempt) => formatDestination({ host: address, port });
  const ours = race.winner?.endpoint.address;
  if (winner) {
    if (certain && winner.address === ours && endedAt - race.winner!.after < SAME_TIME) return 'have connected as fast';
    return `have connected to ${at(winner)} after ${certain ? '' : 'at most '}${formatDuration(endedAt)}`;
  }
  const last = attempts.at(-1);
  if (!last && endedAt === Infinity) return 'still have been waiting for the DNS';
  if (last?.progressedAt !== undefined && endedAt === Infinity) return `still have been waiting for TLS from ${at(last)}`;
  const aborted = attempts.find(({ address, outcome }) => outcome === 'aborted' && address === ours);
  if (!certain) {
    if (!aborted) return `still have been trying ${at(last!)}`;
    return `have given up on ${at(aborted)} after ${formatDuration(aborted.endedAt - aborted.startedAt)}`;
  }
  return `have failed after ${formatDuration(endedAt)}: ${errorText(error!)}`;
}

/** Two connections count as equally fast within this difference, in ms. */
const SAME_TIME = 20;

function errorText({ name, code, message }: ModelledError): string {
  return message === '' ? `${name} [${code}], without a message` : message;
}

/** As docs/connect.schema.json has it. */
export function nodeAloneJson({ text, models }: NodeAlone): object {
  return {
    text,
    models: models.map(({ name, result: { attempts, winner, endedAt, error, certain } }) => ({
      name,
      outcome: winner ? 'connected' : endedAt === Infinity ? 'open' : 'failed',
      certain,
      after: finite(endedAt),
      ...(winner && { winner: winner.address }),
      ...(error && { error }),
      attempts: attempts.map((attempt) => ({ ...attempt, endedAt: finite(attempt.endedAt) })),
    })),
  };
}

/** JSON knows no infinity. */
function finite(instant: number): number | null {
  return instant === Infinity ? null : instant;
}
