import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import net, { Socket } from 'node:net';
import tls, { type TLSSocket } from 'node:tls';
import { staticResolver } from '../../src/index.js';
import { HttpAgent, HttpsAgent } from '../../src/stand-in/agent.js';
import { createAuthority } from '../support/certificates.js';
import { destroyedAfterEach, listen, open } from '../support/fixtures.js';

const HOST = 'raced.example';
const GOOD = '127.0.0.1';
const REFUSING = '127.0.0.2';
const lookup: net.LookupFunction = (_host, { all }, found) => {
  if (all) found(null, [{ address: GOOD, family: 4 }]);
  else found(null, GOOD, 4);
};

const use = destroyedAfterEach();

describe.each([
  ['HttpAgent', HttpAgent],
  ['HttpsAgent', HttpsAgent],
] as const)('%s', (_name, Agent) => {
  it.each<readonly [options: object, expected: string]>([
    [
      { autoSelectFamilyAttemptTimeout: 5 },
      '"options.autoSelectFamilyAttemptTimeout" has no effect: use options.race.connectionAttemptDelay. Received 5',
    ],
    [
      { lookup, race: { resolver: staticResolver([]) } },
      '"options.race.resolver" has no effect beside options.lookup. Received function',
    ],
    [{ race: { nonsense: 1 } }, '"options.nonsense" is not an option'],
    [{ connector: {} }, '"options.connector.race$" must be a function'],
    [{ preferFamily: 4 }, '"options.preferFamily" has no effect here'],
  ])('refuses %j', (options, expected) => {
    expect(() => new Agent(options)).toThrow(expected);
  });

  it.each([undefined, {}, { lookup }, { lookup, race: {} }, { race: { resolver: staticResolver([]) } }])(
    'takes %j',
    (options) => {
      expect(new Agent(options)).toBeInstanceOf(Agent);
    },
  );

  /** An agent with the proxy configuration that Node has from version 24 on. */
  class Proxied extends (Agent as typeof HttpAgent) {
    override on(...given: Parameters<http.Agent['on']>): this {
      const has = Object.getOwnPropertySymbols(this).some(({ description }) => description === 'kProxyConfig');
      if (!has) Object.assign(this, { [Symbol('kProxyConfig')]: { proxyConnectionOptions: { host: GOOD, port: 3128 } } });
      return super.on(...given);
    }
  }
  const configOf = (agent: object) => {
    const key = Object.getOwnPropertySymbols(agent).find(({ description }) => description === 'kProxyConfig')!;
    return (agent as Record<symbol, { proxyConnectionOptions?: { host?: string; lookup?: unknown } } | null>)[key];
  };
  const proxyEnv = { HTTP_PROXY: `http://${GOOD}:3128`, HTTPS_PROXY: `http://${GOOD}:3128` };
  const filter = () => false;

  it.each<readonly [options: object, isFiltered: boolean]>([
    [{ proxyEnv, race: { filter } }, true],
    [{ proxyEnv }, false],
    [{ race: { filter } }, false],
  ])('[F3] filters its connections to proxies, if there are both: case %#', (options, isFiltered) => {
    const config = configOf(new Proxied(options));
    expect(typeof config?.proxyConnectionOptions?.lookup === 'function').toBe(isFiltered);
  });

  it.each<readonly [options: object, isRaced: boolean]>([
    [{}, true],
    [{ proxyEnv: {} }, false],
  ])('races for a host, and leaves one with proxies to Node: case %#', (options, isRaced) => {
    const node = Agent === HttpAgent ? http.Agent : https.Agent;
    const socket = new Socket();
    const created = jest.spyOn(node.prototype, 'createConnection').mockReturnValue(socket);
    try {
      const to = { host: HOST, port: 80, lookup };
      expect(use(new Agent(options)).createConnection(to as never)).toBe(socket);
      expect((created.mock.calls[0]![0] as typeof to).lookup === lookup).toBe(!isRaced);
    } finally {
      created.mockRestore();
    }
  });
});

describe('HttpsAgent', () => {
  it.each(['auto', 'off'] as const)('resumes sessions at addresses that are not the first, with TLS races: %s', async (mode) => {
    const authority = await createAuthority();
    const credentials = await authority.issue([HOST]);
    const answer: http.RequestListener = (_request, response) => void response.setHeader('connection', 'close').end('ok');
    const { port } = await open(listen(https.createServer(credentials, answer)));
    const race = { resolver: staticResolver([REFUSING, GOOD]), sort: 'none', history: false, tls: mode } as const;
    const agent = use(new HttpsAgent({ ca: authority.ca, race }));
    const reused: boolean[] = [];
    const sessions = jest.spyOn(tls.TLSSocket.prototype as unknown as { setSession: (session: unknown) => void }, 'setSession');
    for (let i = 0; i < 2; i++) {
      const [response] = (await once(https.get({ host: HOST, port, agent }), 'response')) as [http.IncomingMessage];
      const socket = response.socket as TLSSocket;
      expect(socket.autoSelectFamilyAttemptedAddresses).toHaveLength(2);
      reused.push(socket.isSessionReused());
      response.resume();
      await once(response, 'end');
    }
    expect(reused).toEqual([false, true]);
    // Node sets it on the first handle, and a race that ends with TCP on the second.
    expect(sessions.mock.calls.map(([session]) => session instanceof Uint8Array)).toEqual(mode === 'off' ? [true, true] : [true]);
    sessions.mockRestore();
  });

  it('secures a connection that is there, whatever its filters say', async () => {
    const authority = await createAuthority();
    const { port } = await open(listen(https.createServer(await authority.issue([GOOD]))));
    const agent = use(new HttpsAgent({ ca: authority.ca, race: { filter: () => false } }));
    const over = net.connect(port, GOOD);
    const socket = agent.createConnection({ ...agent.options, socket: over, host: GOOD, port } as never) as TLSSocket;
    await once(socket, 'secureConnect');
    expect(socket.authorized).toBe(true);
    socket.destroy();
    over.destroy();
  });
});
