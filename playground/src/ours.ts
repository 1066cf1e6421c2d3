import type { ModelledAttempt, ModelledResult } from '../../src/models/model.js';
import { raceRows } from '../../src/pictures/race-rows.js';
import { parseAddress } from '../../src/core/address/address.js';
import type { Simulation } from './simulate.js';

/** What came of a race of ours, in the words in which models tell of others. */
export function resultOf({ events, error, finish }: Simulation): ModelledResult {
  const started = events.filter((event) => event.type === 'started');
  const rows = raceRows(events, finish).rows.filter(({ kind }) => kind === 'attempt');
  const attempts = rows.map(({ from, to, outcome }, index): ModelledAttempt => {
    const { address } = started[index]!.endpoint;
    return { ...parseAddress(address)!, startedAt: from, endedAt: to, outcome: OUTCOMES[outcome] ?? 'failed' };
  });
  const winner = attempts.find(({ outcome }) => outcome === 'connected');
  return { attempts, endedAt: finish, certain: true, ...(winner && { winner }), ...(error && { error: errorOf(error) }) };
}

const OUTCOMES: Readonly<Partial<Record<ReturnType<typeof raceRows>['rows'][number]['outcome'], ModelledAttempt['outcome']>>> = {
  connected: 'connected',
  cancelled: 'cancelled',
  open: 'open',
};

function errorOf({ name, message, code }: Error & { readonly code?: string }) {
  return { name, message, ...(code !== undefined && { code }) };
}
