import dns from 'node:dns';
import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import { of } from 'rxjs';
import { createConnector, RaceSocket, staticResolver, type ConnectorOptions, type Resolver } from '../../src/index.js';
import { optionNames } from '../../src/plan/options.js';
import { proxy$ } from '../../src/proxy/index.js';
import { HttpAgent, HttpsAgent } from '../../src/stand-in/agent.js';
import { plainRacing } from '../../src/stand-in/misplaced.js';
import { register } from '../../src/stand-in/registration.js';
import { connector as undiciConnector, createDispatcher } from '../../src/stand-in/undici.js';
import { blackhole } from '../../src/cli/lab.js';
import { createAuthority } from '../support/certificates.js';
import { listen, open } from '../support/fixtures.js';

const HOST = 'raced.example';
const SILENT = '::1';
const GOOD = '127.0.0.1';

/** A value for each option that is valid where the option has an effect. */
const VALUES: Readonly<Record<string, unknown>> = {
  ...Object.fromEntries(optionNames.map((name) => [name, 1])),
  history: false,
};
const OF_SOCKETS = ['blockList', 'family', 'localAddress', 'localPort', 'signal'];

/** Fetches with a dispatcher, which is destroyed. */
async function textBy(url: string, dispatcher: object): Promise<string> {
  try {
    return await (await fetch(url, { dispatcher } as object)).text();
  } finally {
    await (dispatcher as { destroy: () => Promise<void> }).destroy();
  }
}

/** What an error says: its code, and the option that it names. */
function refusalOf(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return `${code} ${/^"([^"]+)"/.exec(message)?.[1]}`;
  }
  return 'accepted';
}

const places: readonly (readonly [place: string, create: (options: object) => unknown, others: readonly string[]])[] = [
  ['RaceSocket', (options) => new RaceSocket(options), OF_SOCKETS],
  ['HttpAgent', (options) => new HttpAgent(options), OF_SOCKETS],
  ['HttpsAgent', (options) => new HttpsAgent(options), OF_SOCKETS],
  ['createDispatcher', (options) => createDispatcher(options), ['localAddress', 'tls', 'connectTimeout']],
  ['connector of undici', (options) => undiciConnector(options), ['tls']],
  ['proxy$', (options) => proxy$(options), []],
];

describe.each(places)('%s', (_, create, others) => {
  it.each(Object.entries(VALUES).filter(([name]) => !others.includes(name)))(
    'refuses %s beside the options of races, where it would have no effect',
    (name, value) => {
      expect(refusalOf(() => create({ [name]: value }))).toBe(`ERR_INVALID_ARG_VALUE options.${name}`);
      expect(refusalOf(() => create({ [name]: undefined }))).toBe('accepted');
    },
  );
});

/** Valid values of options that sockets and agents of Node have, too. */
const SHARED: Readonly<Record<string, unknown>> = {
  blockList: new net.BlockList(),
  family: 4,
  localAddress: GOOD,
  localPort: 1,
  signal: new AbortController().signal,
};

describe.each(places.slice(0, 3))('%s', (_, create) => {
  it.each(Object.entries(SHARED))('takes %s, which Node has as well', (name, value) => {
    expect(Object.keys(SHARED)).toEqual(OF_SOCKETS);
    expect(refusalOf(() => create({ [name]: value }))).toBe('accepted');
  });
});

describe('register, and createConnector', () => {
  it.each<[string, unknown]>([
    ['race', {}],
    ['connector', createConnector()],
    ['cache', {}],
    ['transport', () => of(1)],
    ['setup', () => of(1)],
    ['tcp', {}],
    ['localAddress', GOOD],
    ['signal', new AbortController().signal],
    ['family', 4],
  ])('register refuses %s', (name, value) => {
    expect(refusalOf(() => register({ [name]: value }))).toBe(`ERR_INVALID_ARG_VALUE options.${name}`);
  });

  it('createConnector refuses options of stand-ins, and its calls those of connectors', () => {
    expect(refusalOf(() => createConnector({ race: {} } as ConnectorOptions))).toBe('ERR_INVALID_ARG_VALUE options.race');
    const call = (options: object) => () => createConnector().race$('h', 1, options);
    for (const [name, value] of Object.entries({ cache: {}, history: {}, sessions: false, maxConcurrentRaces: 1 }))
      expect(refusalOf(call({ [name]: value }))).toBe(`ERR_INVALID_ARG_VALUE options.${name}`);
  });
});

describe('sockets without TLS', () => {
  it('refuse what has no effect, and say why', () => {
    const why = '"options.race.tls" has no effect on connections without TLS. Received \'off\'';
    expect(() => new RaceSocket({ race: { tls: 'off' } })).toThrow(why);
    const belongs = '"options.sort" has no effect here: options of races belong in options.race. Received \'none\'';
    expect(() => new RaceSocket({ sort: 'none' } as object)).toThrow(belongs);
  });

  it.each(['tls', 'serviceRecords'])('take race.%s that is off', (name) => {
    expect(refusalOf(() => plainRacing({}, { [name]: undefined }))).toBe('accepted');
    // Checked with the other options.
    expect(refusalOf(() => plainRacing({}, { [name]: false }))).not.toContain('options.race');
  });

  it.each([
    ['tls', 'off'],
    ['serviceRecords', true],
    ['serviceRecords', { scheme: 'http' }],
  ])('refuse race.%s, %j', (name, value) => {
    const race = { [name]: value };
    const refused = `ERR_INVALID_ARG_VALUE options.race.${name}`;
    expect(refusalOf(() => new RaceSocket({ race }))).toBe(refused);
    expect(refusalOf(() => new HttpAgent({ race }))).toBe(refused);
    expect(refusalOf(() => new HttpsAgent({ race }))).toBe('accepted');
  });
});

describe('agents', () => {
  it.each([HttpAgent, HttpsAgent])('refuse what a race ignores', (Agent) => {
    const lookup = () => undefined;
    const race = { resolver: staticResolver([GOOD]) };
    expect(refusalOf(() => new Agent({ lookup, race }))).toBe('ERR_INVALID_ARG_VALUE options.race.resolver');
    expect(refusalOf(() => new Agent({ lookup, race: {} }))).toBe('accepted');
    const delay = { autoSelectFamilyAttemptTimeout: 100 };
    expect(refusalOf(() => new Agent(delay as object))).toBe('ERR_INVALID_ARG_VALUE options.autoSelectFamilyAttemptTimeout');
  });

  it.each<[string, ConnectorOptions]>([
    ['tcp', { tcp: { noDelay: true } }],
    ['socketFactory', { socketFactory: () => new net.Socket() }],
  ])('and RaceSocket refuse a connector with %s, since their sockets exist', (name, options) => {
    const connector = createConnector(options);
    for (const create of [
      () => new HttpAgent({ connector }),
      () => new HttpsAgent({ connector }),
      () => new RaceSocket({ connector }),
    ]) {
      expect(refusalOf(create)).toBe('ERR_INVALID_ARG_VALUE options.connector');
      expect(create).toThrow(`\`${name}\``);
    }
  });
});

describe('createDispatcher', () => {
  it('refuses protocols that it would replace', () => {
    const tls = { ALPNProtocols: ['h2'] };
    expect(refusalOf(() => createDispatcher({ tls }))).toBe('ERR_INVALID_ARG_VALUE options.tls.ALPNProtocols');
    expect(refusalOf(() => undiciConnector({ tls }))).toBe('ERR_INVALID_ARG_VALUE options.tls.ALPNProtocols');
  });

  it('goes by the TLS options of its connector, and by its own first', async () => {
    const authority = await createAuthority();
    const { port } = await open(listen(https.createServer(await authority.issue([HOST]), (_, response) => response.end('ok'))));
    const resolver = staticResolver([GOOD]);
    const trusting = createConnector({ resolver, tls: { ca: authority.ca } });
    const texts = [];
    for (const tls of [undefined, { rejectUnauthorized: true }, { ca: [] }]) {
      const dispatcher = createDispatcher({ connector: trusting as never, ...(tls && { tls }) });
      texts.push(await textBy(`https://${HOST}:${port}/`, dispatcher).catch(() => 'failed'));
    }
    expect(texts).toEqual(['ok', 'ok', 'failed']);
  });
});

describe('a connector', () => {
  /** A server at the good address, whose other address is silent. */
  async function lab() {
    const { port } = await open(listen(net.createServer((socket) => socket.end())));
    await open(blackhole(SILENT, port));
    return port;
  }

  it('is heeded by RaceSocket, which shares its history', async () => {
    const port = await lab();
    const resolver = staticResolver([SILENT, GOOD]);
    const connector = createConnector({ resolver, connectionAttemptDelay: 20, random: () => 0.5 });
    const attempted = async () => {
      const socket = new RaceSocket({ connector }).connect(port, HOST);
      await once(socket, 'connect');
      socket.destroy();
      return socket.autoSelectFamilyAttemptedAddresses;
    };
    expect(await attempted()).toEqual([`${SILENT}:${port}`, `${GOOD}:${port}`]);
    expect(await attempted()).toEqual([`${GOOD}:${port}`]);
  });

  it.each<[string, object]>([
    ['no connector', {}],
    ['a connector that makes TLS', { connector: createConnector({ tls: true }) }],
    ['a connector with setup', { connector: createConnector({ setup: (socket) => of(socket) }) }],
    ['a connector with a transport', { connector: createConnector({ transport: () => of(new net.Socket()) }) }],
    ['nothing like a connector', { connector: {} }],
  ])('is checked by RaceSocket: %s', (what, options) => {
    const refusal = refusalOf(() => new RaceSocket(options));
    expect(refusal).toMatch(what === 'no connector' ? /^accepted$/ : /^ERR_INVALID_ARG_(?:VALUE|TYPE) options\.connector/);
  });

  it('has a time limit and a preferred family that stand-ins keep', async () => {
    const port = await lab();
    const failure = async (options: ConnectorOptions) => {
      const connector = createConnector({ resolver: staticResolver([SILENT]), ...options });
      const [error] = (await once(new RaceSocket({ connector }).connect(port, HOST), 'error')) as [NodeJS.ErrnoException];
      return error.code;
    };
    expect(await failure({ connectTimeout: 60 })).toBe('ETIMEDOUT');

    const connector = createConnector({ resolver: staticResolver(['127.0.0.2', SILENT]), preferFamily: 6, connectTimeout: 200 });
    const socket = new RaceSocket({ connector, race: { connectionAttemptDelay: 20 } }).connect(port, HOST);
    await once(socket, 'error');
    expect(socket.autoSelectFamilyAttemptedAddresses[0]).toBe(`${SILENT}:${port}`);
  });

  it('has service records, which connections without TLS do not use', async () => {
    const { port } = await open(listen(http.createServer((_, response) => response.end('ok'))));
    const names: string[] = [];
    const resolver: Resolver = Object.assign((host: string) => staticResolver([GOOD])(host), {
      serviceRecords: (name: string) => {
        names.push(name);
        return of({ type: 'HTTPS' as const, records: [{ priority: 1, target: '.', port: 1 }] });
      },
    });
    const connector = createConnector({ resolver, serviceRecords: true });
    const socket = new RaceSocket({ connector }).connect(port, HOST);
    await once(socket, 'connect');
    socket.destroy();
    const agent = new HttpAgent({ connector });
    const [response] = (await once(http.get({ host: HOST, port, agent }), 'response')) as [http.IncomingMessage];
    response.resume();
    await once(response, 'end');
    agent.destroy();
    expect(await textBy(`http://${HOST}:${port}/`, createDispatcher({ connector }))).toBe('ok');
    expect(names).toEqual([]);
  });

  it('has a resolver, which counts although the program has replaced dns.lookup', async () => {
    const port = await lab();
    const connector = createConnector({ resolver: staticResolver([GOOD]) });
    const lookup = jest
      .spyOn(dns, 'lookup')
      .mockImplementation(((_host: string, _options: object, found: (error: Error) => void) =>
        found(new Error('not to be asked'))) as never);
    try {
      const socket = new RaceSocket({ connector }).connect(port, HOST);
      await once(socket, 'connect');
      socket.destroy();
    } finally {
      lookup.mockRestore();
    }
  });

  it('has a local address, from which sockets connect', async () => {
    const server = net.createServer();
    const { port } = await open(listen(server));
    const connector = createConnector({ resolver: staticResolver([GOOD]), localAddress: '127.0.0.9' });
    const socket = new RaceSocket({ connector }).connect(port, HOST);
    const [peer] = (await once(server, 'connection')) as [net.Socket];
    expect(peer.remoteAddress).toBe('127.0.0.9');
    socket.destroy();
    peer.destroy();
  });
});
