import type { EventJson } from '../core/race/event-json.js';
import type { ConnectionErrorReason } from '../core/race/connection-error.js';
import type { Terms } from './terms.js';

/** A race as a line of a recording has it: docs/recording.schema.json. Instants and durations in ms. */
export interface RecordedRace {
  readonly version: 1;
  readonly host: string;
  readonly port: number;
  /** ms since 1970. */
  readonly startedAt: number;
  /** How long it took. */
  readonly duration: number;
  /** `cancelled`: its caller gave it up. */
  readonly outcome: 'connected' | 'failed' | 'cancelled';
  readonly error?: { readonly reason?: ConnectionErrorReason; readonly code?: string };
  /** Absent where another copy of the package ran it; then it is taken to have had the defaults. */
  readonly terms?: TermsJson;
  /** The delay after each address, where it was not the same after all. */
  readonly delays?: Readonly<Record<string, number>>;
  /** Where it ran, in a recording of several machines. */
  readonly client?: string;
  /** Names and addresses stand for others. */
  readonly hashed?: true;
  /** Their instants count from its start. */
  readonly events: readonly EventJson[];
}

/** As JSON, which has no infinity. */
export type TermsJson = { readonly [Name in keyof Terms]: Terms[Name] | 'Infinity' };

export function termsJson(terms: Terms): TermsJson {
  const entries = Object.entries(terms).filter(([, value]) => value !== undefined);
  return Object.fromEntries(
    entries.map(([name, value]) => [name, value === Infinity ? 'Infinity' : (value as unknown)]),
  ) as TermsJson;
}
