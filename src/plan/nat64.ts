import { of, type Observable } from 'rxjs';
import { translation, type Nat64Prefix } from '../core/address/nat64.js';
import type { Answer } from '../core/race/answers.js';
import type { Endpoint } from '../core/race/endpoint.js';
import type { Translation } from '../core/race/known-endpoints.js';
import { hasRoute, knownPrefixes, networkPrefixes } from '../node/nat64.js';
import { nat64Answers } from '../rx/nat64-answers.js';
import type { Query } from '../rx/resolver.js';
import { parsedPrefixes } from './nat64-options.js';
import { oncePerSettings, type Settings } from './options.js';

/** The parts of a race that NAT64 changes. */
export interface Nat64Stages {
  readonly translation: Translation;
  readonly answers: (ask: (query: Query) => Observable<Answer>, query: Query) => Observable<Answer>;
  /** Whether another address, or several, may have to be dialled for an endpoint. */
  readonly isOther: (endpoint: Endpoint) => boolean;
}

/** @returns `undefined` if NAT64 does not apply */
export const nat64Stages = oncePerSettings(
  ({ nat64 = 'auto', family, transport }: Settings<unknown>): Nat64Stages | undefined => {
    // A race for IPv6 only never translates.
    if (nat64 === false || family === 6) return undefined;
    if (nat64 !== 'auto') {
      const prefixes = parsedPrefixes(nat64);
      return stagesOf({ prefixes: () => prefixes, hasRoute: transport ? NOWHERE : hasRoute });
    }
    // This machine's network says nothing about where the caller's transport leads.
    if (transport) return stagesOf({ prefixes: () => NO_PREFIXES, hasRoute: NOWHERE });
    return stagesOf({ prefixes: knownPrefixes, hasRoute }, networkPrefixes);
  },
);

const NO_PREFIXES: readonly Nat64Prefix[] = [];
const NOWHERE = () => false;

function stagesOf(nat64: Parameters<typeof translation>[0], awaited: typeof networkPrefixes = () => undefined): Nat64Stages {
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
