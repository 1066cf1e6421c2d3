import fc from 'fast-check';
import { invalidValue } from '../core/input/argument-errors.js';
import { toError } from '../core/error-tools.js';
import { ExplorationError } from './exploration-error.js';
import type { Bounds } from './explore-options.js';
import type { Exploration } from './explore-options.js';
import { connects, fails, hangs, refuses, unreachable } from './fates.js';
import type { ConnectingFate, Fate, FateOfAttempt } from './fates.js';
import { after, lost, nodata, nxdomain, servfail, type Replies, type Reply } from './replies.js';
import { virtualNetwork } from './node-network.js';
import type { NetworkDescription, VirtualNetwork } from './virtual-network.js';

/** Part of a network, and its code. */
interface Written<T> {
  readonly value: T;
  readonly code: string;
}

/** What {@link explore} does, with fast-check at hand. */
export async function exploration(program: (network: VirtualNetwork) => unknown, bounds: Bounds): Promise<Exploration> {
  const { seed, runs, path, allowLeaks } = bounds;
  const attempt = async ({ value }: Written<NetworkDescription>) => {
    const network = virtualNetwork(value);
    const report = await network.settle(program);
    if (report.error !== undefined) throw toError(report.error);
    if (report.finish === undefined) throw new Error('it still waits, though nothing more will happen');
    if (!allowLeaks) report.expectClean();
  };

  const networks = fc.asyncProperty(network(bounds), attempt);
  const { failed, counterexample, counterexamplePath, errorInstance, numRuns } = await (async () =>
    fc.check(networks, { seed, numRuns: runs, ...(path !== undefined && { path }) }))().catch((error: unknown) => {
    throw path === undefined ? error : invalidValue('options.path', `leads nowhere (${toError(error).message})`, path);
  });
  if (!failed) return { seed, runs: numRuns };

  const { value, code } = counterexample![0];
  const again = virtualNetwork(value);
  await again.settle(program).catch(() => undefined);
  throw new ExplorationError({
    bounds,
    path: counterexamplePath!,
    code,
    timeline: again.timeline(),
    runs: numRuns - 1,
    cause: toError(errorInstance),
  });
}

/** The simplest first: a network is made smaller by taking from lists, and by taking what stands before. */
function network(bounds: Bounds): fc.Arbitrary<Written<NetworkDescription>> {
  const fates = fc.array(fate(bounds), { maxLength: bounds.addresses });
  return fc.record({ six: fates, four: fates, AAAA: reply(bounds), A: reply(bounds) }).map(({ six, four, AAAA, A }) => {
    const families = [
      { type: 'AAAA', reply: AAAA, fates: new Map(six.map((fate, i) => [`2001:db8::${(i + 1).toString(16)}`, fate])) },
      { type: 'A', reply: A, fates: new Map(four.map((fate, i) => [`192.0.2.${i + 1}`, fate])) },
    ].map(({ type, reply, fates }) => {
      const answer = reply([...fates.keys()]);
      return { type, answer, fates: answer.found ? fates : new Map<string, never>() };
    });
    const endpoints = families.flatMap(({ fates }) => [...fates]);
    const lines = [
      '  dns: {',
      ...families.map(({ type, answer }) => `    ${type}: ${answer.code},`),
      '  },',
      ...(endpoints.length === 0
        ? []
        : ['  endpoints: {', ...endpoints.map(([address, { code }]) => `    '${address}': ${code},`), '  },']),
    ];
    return {
      value: {
        dns: Object.fromEntries(families.map(({ type, answer }) => [type, answer.value])),
        endpoints: Object.fromEntries(endpoints.map(([address, { value }]) => [address, value])),
      },
      code: `virtualNetwork({\n${lines.join('\n')}\n})`,
    };
  });
}

/** Picks one of a list, where the ones before are the simpler ones. What is there more often is picked more often. */
function oneOf<T>(...from: readonly T[]): fc.Arbitrary<T> {
  return fc.nat(from.length - 1).map((index) => from[index]!);
}

/** How a query is answered, once it is known which addresses there are. */
function reply({
  latest,
}: Bounds): fc.Arbitrary<(addresses: readonly string[]) => Written<Replies> & { readonly found: boolean }> {
  const ms = fc.integer({ min: 0, max: latest });
  const how = oneOf('found', 'found', 'found', 'found', 'in two', 'nxdomain', 'servfail', 'lost');
  return fc.record({ how, ms, more: ms }).map(({ how, ms, more }) => (addresses) => {
    if (how === 'lost') return { value: lost(), code: 'lost()', found: false };
    if (how === 'servfail') return { value: after(ms, servfail()), code: `after(${ms}, servfail())`, found: false };
    if (how === 'nxdomain') return { value: after(ms, nxdomain()), code: `after(${ms}, nxdomain())`, found: false };
    if (addresses.length === 0) return { value: after(ms, nodata()), code: `after(${ms}, nodata())`, found: true };
    const { value, code } = given(ms, addresses.slice(0, how === 'in two' ? 1 : undefined));
    if (how !== 'in two' || addresses.length === 1) return { value, code, found: true };
    const second = given(ms + more, addresses.slice(1));
    return { value: [value, second.value], code: `[${code}, ${second.code}]`, found: true };
  });
}

function given(ms: number, addresses: readonly string[]): Written<Reply> {
  return { value: after(ms, addresses), code: `after(${ms}, [${addresses.map((address) => `'${address}'`).join(', ')}])` };
}

/** One record for all kinds of fates, so that whichever part is not needed is taken away by itself. */
function fate({ latest, serve }: Bounds): fc.Arbitrary<Written<Fate | FateOfAttempt>> {
  const ms = fc.integer({ min: 0, max: latest });
  const sometimes = <T>(part: fc.Arbitrary<T>) => fc.option(part, { nil: undefined, freq: 2 });
  const parts = fc.record({
    kind: oneOf(...Array<'connects'>(5).fill('connects'), 'refuses', 'refuses', 'unreachable', 'times out', 'hangs', 'recovers'),
    ms,
    second: ms,
    tls: sometimes(fc.record({ ms, how: oneOf('ends', 'ends', 'ends', 'hangs', 'breaks') })),
    spoilt: sometimes(
      fc.record({ how: oneOf<Spoilt['how']>('latency', 'latency', 'resetsAfter', 'losesAfter'), ms, bytes: fc.nat(4096) }),
    ),
  });
  const served = (fate: ConnectingFate, { spoilt }: { readonly spoilt: Spoilt | undefined }) => {
    if (!serve) return fate;
    const plain = fate.serves(serve);
    return spoilt ? plain[spoilt.how](spoilt.how === 'losesAfter' ? spoilt.bytes : spoilt.ms) : plain;
  };
  return parts.map(({ kind, ms, second, tls, ...rest }) => {
    if (kind === 'recovers') return recovering(refuses(ms), served(connects(second), rest));
    if (kind === 'refuses') return written(refuses(ms));
    if (kind === 'unreachable') return written(unreachable(ms));
    if (kind === 'times out') return written(fails(ms, 'ETIMEDOUT'));
    if (kind === 'hangs') return written(hangs());
    if (!tls) return written(served(connects(ms), rest));
    if (tls.how === 'hangs') return written(connects(ms).thenTls(hangs()));
    if (tls.how === 'breaks') return written(connects(ms).thenTls(fails(tls.ms, 'ECONNRESET')));
    return written(served(connects(ms).thenTls(tls.ms), rest));
  });
}

/** What is wrong with a connection that is served. */
interface Spoilt {
  readonly how: 'latency' | 'resetsAfter' | 'losesAfter';
  readonly ms: number;
  readonly bytes: number;
}

function written(value: Fate): Written<Fate> {
  return { value, code: String(value) };
}

/** Another fate for the first attempt than for those that follow. */
function recovering(first: Fate, others: Fate): Written<FateOfAttempt> {
  return {
    value: (attempt) => (attempt === 1 ? first : others),
    code: `(attempt) => (attempt === 1 ? ${String(first)} : ${String(others)})`,
  };
}
