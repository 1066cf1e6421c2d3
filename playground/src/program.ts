import { describeState, type Kit, type Simulation } from './simulate.js';
import { HOST, PORT, type State } from './state.js';

/** Calls of the testing kit, and which functions they were of. */
function writer(): { readonly kit: Kit<string, string>; readonly used: Set<string> } {
  const used = new Set<string>();
  const call = (name: string, ...written: readonly string[]) => {
    used.add(name);
    return `${name}(${written.join(', ')})`;
  };
  const kit: Kit<string, string> = {
    connects: (after) => call('connects', String(after)),
    thenTls: (connection, handshake) => `${connection}.thenTls(${handshake})`,
    losesAfter: (connection, bytes) => `${connection}.losesAfter(${bytes})`,
    refuses: (after) => call('refuses', String(after)),
    fails: (after, code) => call('fails', String(after), quoted(code)),
    hangs: () => call('hangs'),
    after: (ms, reply) => call('after', String(ms), reply),
    addresses: (list) => listed(list),
    service: (target, { port, alpn, ...hints }) => {
      const given = Object.entries({ alpn, ...hints }).map(([name, list]) => `${name}: ${listed(list)}`);
      return call('service', quoted(target), `{ port: ${port}, ${given.join(', ')} }`);
    },
    nodata: () => call('nodata'),
    nxdomain: () => call('nxdomain'),
    servfail: () => call('servfail'),
    lost: () => call('lost'),
  };
  return { kit, used };
}

/** Text as a literal: none of it can leave its quotes. */
function quoted(text: string): string {
  return `'${text.replace(/[\\'\n\r\u2028\u2029]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`)}'`;
}

function listed(texts: readonly string[]): string {
  return `[${texts.map(quoted).join(', ')}]`;
}

function written(value: unknown): string {
  if (typeof value === 'string') return quoted(value);
  if (Array.isArray(value)) return `[${value.map(written).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return String(value);
  return `{ ${Object.entries(value)
    .map(([name, one]) => `${name}: ${written(one)}`)
    .join(', ')} }`;
}

/** The program that makes this race with `rx-happy-eyeballs/testing`, and expects of it what came of it. */
export function programOf(state: State, { marbles, error, events, finish }: Simulation): string {
  const { kit, used } = writer();
  const { dns, endpoints, options } = describeState(state, kit);
  const last = events.at(-1);
  const winner = last?.type === 'connected' ? last.endpoint.address : undefined;
  const given = Object.entries(options).map(([name, value]) => `, ${name}: ${written(value)}`);
  const input = given.length === 0 ? 'network' : `{ ...network${given.join('')} }`;
  const lives = Object.entries(marbles).map(
    ([address, diagrams]) => `  ${quoted(address)}: ${diagrams.length === 1 ? quoted(diagrams[0]!) : listed(diagrams)},`,
  );
  const names = [...used, 'expectAttempts', 'virtualNetwork'].sort();
  return [
    "import { race$ } from 'rx-happy-eyeballs';",
    `import { ${names.join(', ')} } from 'rx-happy-eyeballs/testing';`,
    '',
    'const network = virtualNetwork({',
    '  dns: {',
    ...Object.entries(dns).map(([type, reply]) => `    ${type}: ${reply},`),
    '  },',
    '  endpoints: {',
    ...Object.entries(endpoints).map(([address, fate]) => `    ${quoted(address)}: ${fate},`),
    '  },',
    '});',
    `const report = network.run(race$(${quoted(HOST)}, ${PORT}, ${input}));`,
    '',
    ...(lives.length === 0 ? ['expectAttempts(network, {});'] : ['expectAttempts(network, {', ...lives, '});']),
    winner === undefined
      ? `if (report.error?.code !== ${written((error as { code?: string } | undefined)?.code)}) throw report.error ?? new Error(report.timeline());`
      : `if (report.winner !== ${quoted(winner)}) throw new Error(report.timeline());`,
    `if (report.finish !== ${finish}) throw new Error(report.timeline());`,
    '',
  ].join('\n');
}
