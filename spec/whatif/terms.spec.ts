import { OPTIONS_OF_TERMS } from '../../src/cli/whatif/flags.js';
import { optionNames } from '../../src/plan/options.js';
import { NOT_OF_THE_FIRST_ATTEMPT } from '../../src/stand-in/ahead.js';

/** The option that a flag sets. */
const optionOf = (flag: string) =>
  ({ 'no-interleave': 'interleave', 'no-racing': 'enabled' })[flag] ??
  flag.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());

/** Options that decide about names, addresses and connections: a recording has their results. */
const ALREADY_DECIDED = [
  'blockList', 'filter', 'isTerminal', 'localAddress', 'localPort', 'nat64', 'resolver', 'serviceRecords', 'setup', 'socketFactory', 'sort',
  'tcp', 'tls', 'transport',
]; // prettier-ignore

/** Options that belong to a process. */
const OF_THE_PROCESS = ['random', 'scheduler', 'signal'];

/** The minimum is part of the delays that were recorded, and no what-if goes below it. */
const ELSEWHERE = ['minimumConnectionAttemptDelay'];

/** Options that matter to the first attempt, or to whether there is one. */
const OF_THE_FIRST_ATTEMPT = [
  ...ALREADY_DECIDED, 'attemptSpacingDelay', 'attemptTimeout', 'connectTimeout', 'enabled', 'family', 'familyStaggerDelay', 'preferFamily',
  'scheduler', 'signal',
]; // prettier-ignore

describe('an option of a race', () => {
  it('is a term of what-if, or in the list of those that are not', () => {
    const terms = OPTIONS_OF_TERMS.map(optionOf);
    const known = [...terms, ...ALREADY_DECIDED, ...OF_THE_PROCESS, ...ELSEWHERE];
    expect(optionNames.filter((name) => !known.includes(name))).toEqual([]);
    expect(terms.filter((name) => [...ALREADY_DECIDED, ...OF_THE_PROCESS, ...ELSEWHERE].includes(name))).toEqual([]);
  });

  it('is heeded by a first attempt that is made ahead of its race, or in the list of those that do not matter to it', () => {
    const known: readonly string[] = [...NOT_OF_THE_FIRST_ATTEMPT, ...OF_THE_FIRST_ATTEMPT];
    expect(optionNames.filter((name) => !known.includes(name))).toEqual([]);
    expect([...new Set(known)]).toHaveLength(known.length);
  });
});
