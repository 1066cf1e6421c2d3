import { of, type Observable } from 'rxjs';
import { translation, type Nat64Prefix } from '../core/address/nat64.js';
import type { Answer } from '../core/race/answers.js';
import type { Endpoint } from '../core/race/endpoint.js';
import type { Translation } from '../core/race/known-endpoints.js';
import { nat64Answers } from '../rx/nat64-answers.js';
import type { Query } from '../rx/resolver.js';
import { parsedPrefixes } from './nat64-options.js';
import type { RacingSettings } from './racing-options.js';

/** The parts of a race that NAT64 changes. */
export interface Nat64Stages {
  readonly translation: Translation;
  readonly answers: (ask: (query: Query) => Observable<Answer>, query: Query) => Observable<Answer>;
  /** Whether another address, or several, may have to be dialled for an endpoint. */
  readonly isOther: (endpoint: Endpoint) => boolean;
}

/** What a network tells of its prefixes: a stream that emits them once; `undefined` where there is nothing to wait for. */
type Awaited = () => Observable<readonly Nat64Prefix[]> | undefined;

/** The stages of a race that leaves this machine's network out: by the prefixes that are given, if any. */
export function elsewhere({ nat64 = 'auto', family }: Pick<RacingSettings, 'nat64' | 'family'>): Nat64Stages | undefined {
  if (nat64 === false || family === 6) return undefined;
  const prefixes = nat64 === 'auto' ? NO_PREFIXES : parsedPrefixes(nat64);
  return stagesOf({ prefixes: () => prefixes, hasRoute: NOWHERE });
}

const NO_PREFIXES: readonly Nat64Prefix[] = [];
const NOWHERE = () => false;

export function stagesOf(nat64: Parameters<typeof translation>[0], awaited: Awaited = () => undefined): Nat64Stages {
  const translate = translation(nat64);
  return {
    translation: translate,
    answers: (ask, query) => {
      const known = nat64.prefixes();
      const prefixes$ = awaited() ?? (known.length > 0 ? of(known) : undefined);
      return prefixes$ ? nat64Answers(ask, query, prefixes$) : ask(query);
    },
    isOther: (endpoint) => translate(endpoint) !== undefined || (endpoint.family === 4 && awaited() !== undefined),
  };
}
