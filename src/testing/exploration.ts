import fc from 'fast-check';
import { toError } from '../core/errors.js';
import { ExplorationError, type Bounds, type Exploration } from './explore.js';
import { connects, hangs, refuses, unreachable, type ConnectingFate, type Fate, type FateOfAttempt } from './fates.js';
import { after, lost, nodata, servfail, type Reply } from './replies.js';
import { virtualNetwork, type NetworkDescription, type VirtualNetwork } from './virtual-network.js';

/** Part of a network, and its code. */
interface Written<T> {
  readonly value: T;
  readonly code: string;
}

/** What {@link explore} does, with fast-check at hand. */
export async function exploration(program: (network: VirtualNetwork) => unknown, bounds: Bounds): Promise<Exploration> {
  const { seed, runs, path, leaks } = bounds;
  const attempt = async ({ value }: Written<NetworkDescription>) => {
    const network = virtualNetwork(value);
    const report = await network.settle(program);
    if (report.error !== undefined) throw toError(report.error);
    if (report.finish === undefined) throw new Error('it still waits, though nothing more will happen');
    if (!leaks) report.expectClean();
  };

  const networks = fc.asyncProperty(network(bounds), attempt);
  const { failed, counterexample, counterexamplePath, errorInstance, numRuns } = await fc.check(networks, {
    seed,
    numRuns: runs,
    ...(path !== undefined && { path }),
  });
  if (!failed) return { seed, runs: numRuns };

  const { value, code } = counterexample![0];
  const again = virtualNetwork(value);
  await again.settle(program).catch(() => undefined);
  throw new ExplorationError({
    seed,
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
      return { type, answer, fates: answer.value.addresses ? fates : new Map<string, never>() };
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

/** How a query is answered, once it is known which addresses there are. */
function reply({ latest }: Bounds): fc.Arbitrary<(addresses: readonly string[]) => Written<Reply>> {
  const how = fc.constantFrom('addresses', 'addresses', 'addresses', 'addresses', 'servfail', 'lost');
  return fc.record({ how, ms: fc.integer({ min: 0, max: latest }) }).map(({ how, ms }) => (addresses) => {
    if (how === 'lost') return { value: lost(), code: 'lost()' };
    if (how === 'servfail') return { value: after(ms, servfail()), code: `after(${ms}, servfail())` };
    if (addresses.length === 0) return { value: after(ms, nodata()), code: `after(${ms}, nodata())` };
    return { value: after(ms, addresses), code: `after(${ms}, [${addresses.map((address) => `'${address}'`).join(', ')}])` };
  });
}

function fate(bounds: Bounds): fc.Arbitrary<Written<Fate | FateOfAttempt>> {
  const ms = fc.integer({ min: 0, max: bounds.latest });
  const written = <F extends Fate>(value: F): Written<F> => ({ value, code: String(value) });
  const connection = ms.map(connects);
  const secure = fc.tuple(ms, ms).map(([tcp, handshake]) => connects(tcp).thenTls(handshake));
  const connecting = bounds.serve
    ? fc.oneof(connection, secure).chain((fate) => served(fate, bounds))
    : fc.oneof(connection, secure);
  return fc.oneof(
    { withCrossShrink: true },
    { weight: 5, arbitrary: connecting.map(written) },
    { weight: 3, arbitrary: ms.map((after) => written(refuses(after))) },
    { weight: 1, arbitrary: ms.map((after) => written(unreachable(after))) },
    { weight: 2, arbitrary: fc.constant(written(hangs())) },
    { weight: 1, arbitrary: fc.tuple(ms, ms).map(([first, second]) => recovering(refuses(first), connects(second))) },
  );
}

/** Another fate for the first attempt than for those that follow. */
function recovering(first: Fate, others: Fate): Written<FateOfAttempt> {
  return {
    value: (attempt) => (attempt === 1 ? first : others),
    code: `(attempt) => (attempt === 1 ? ${String(first)} : ${String(others)})`,
  };
}

/** A connection that is served, and may be slow, break or fall silent. */
function served(fate: ConnectingFate, { serve, latest }: Bounds): fc.Arbitrary<ConnectingFate> {
  const plain = fate.serves(serve!);
  const ms = fc.integer({ min: 0, max: latest });
  return fc.oneof(
    { weight: 4, arbitrary: fc.constant(plain) },
    { weight: 2, arbitrary: ms.map((after) => plain.latency(after)) },
    { weight: 1, arbitrary: ms.map((after) => plain.resetsAfter(after)) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 4096 }).map((bytes) => plain.losesAfter(bytes)) },
  );
}
