import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { of, type Observable } from 'rxjs';
import ts from 'typescript';
import {
  connect,
  connect$,
  createConnector,
  race$,
  staticResolver,
  tls,
  type ConnectOptions,
  type Endpoint,
  type RaceEvent,
  type Transport,
} from '../src/index.js';
import { HttpAgent, HttpsAgent } from '../src/stand-in/agent.js';
import { virtualNetwork } from '../src/testing/index.js';

/** Takes a value of the expected type alone: `is<Expected>()(value)`. */
const is =
  <Expected>() =>
  <Actual>(...value: Same<Expected, Actual> extends true ? [Actual] : [never]) =>
    value.length;

type Same<A, B> = [A, B] extends [B, A] ? true : false;

const text: Transport<string> = ({ address }) => of(address);
const length = (value: string) => of(value.length);
const network = virtualNetwork();
const socketFactory = undefined as unknown as () => Socket;

/** Never called: what is proved here is that it compiles, and that what must not compile does not. */
const compiled = () => {
  is<Observable<Socket>>()(connect$('h', 1));
  is<Observable<Socket>>()(connect$('h', 1, network));
  is<Promise<Socket>>()(connect('h', 1, { ...network, connectTimeout: 300 }));
  is<Observable<Socket>>()(createConnector(network).connect$('h', 1));
  is<Observable<Socket>>()(connect$('h', 1, { localAddress: ['::1', '127.0.0.1'], tcp: { noDelay: true } }));
  is<Observable<TLSSocket>>()(connect$('h', 1, { tls: true, localPort: 2000, tcp: { noDelay: true } }));
  is<Observable<RaceEvent<TLSSocket>>>()(race$('h', 1, { tls: { ALPNProtocols: ['h2'] }, socketFactory }));
  is<Promise<TLSSocket>>()(connect('h', 1, { tls: {} }));
  is<Observable<string>>()(connect$('h', 1, { transport: text }));
  is<Observable<TLSSocket>>()(connect$('h', 1, { transport: tls({ servername: 'h' }) }));

  is<Observable<number>>()(connect$('h', 1, { setup: (socket) => of(socket.remotePort!) }));
  is<Observable<string | false | null>>()(
    connect$('h', 1, { tls: true, setup: (socket) => of(socket.alpnProtocol), isTerminal: () => true }),
  );
  is<Observable<number>>()(connect$('h', 1, { transport: text, setup: length }));
  is<Observable<readonly [number, number]>>()(
    connect$('h', 1, {
      transport: () => of({ id: 1 }),
      setup: ({ id }: { id: number }, { port }: Endpoint) => Promise.resolve([id, port] as const),
    }),
  );
  is<Observable<number>>()(connect$<number>('h', 1, { setup: async (socket) => Promise.resolve(socket.remotePort!) }));

  const connector = createConnector({ tls: true, cache: false });
  is<Observable<TLSSocket>>()(connector.connect$('h', 1));
  is<Promise<string>>()(connector.connect('h', 1, { transport: text }));
  is<Promise<TLSSocket>>()(createConnector({ sessions: false }).connect('h', 1, { tls: { ca: '' } }));

  is<Observable<string>>()(createConnector({ partition: 'a', transport: text }).connect$('h', 1));
  is<Observable<TLSSocket>>()(createConnector().connect$('h', 1, { tls: true, partition: 'a' }));
  is<Observable<RaceEvent<string>>>()(connector.race$('h', 1, { transport: text, partition: 'a' }));
  is<Promise<Socket>>()(createConnector().connect('h', 1, { partition: 'a' }));

  new HttpAgent({ connector: createConnector() });
  new HttpsAgent({ connector: createConnector({ localAddress: '127.0.0.1' }) });
  // @ts-expect-error -- an agent does its own TLS
  new HttpsAgent({ connector: createConnector({ tls: {} }) });
  // @ts-expect-error -- an agent speaks HTTP over sockets
  new HttpAgent({ connector: createConnector({ setup: (socket) => of(socket.remotePort!) }) });
  // @ts-expect-error -- nor over what a transport emits
  new HttpAgent({ connector: createConnector({ transport: text }) });

  // Options may be handed on, with others that are the race's own.
  const handOn = <T>(options: ConnectOptions<T>) =>
    connect('h', 1, { ...options, connectTimeout: 1000, resolver: staticResolver([]) });
  is<Promise<string>>()(handOn({ transport: text }));

  // @ts-expect-error -- sockets that a transport does not make
  void connect$('h', 1, { transport: text, tcp: { noDelay: true } });
  // @ts-expect-error -- a transport of one's own does its own TLS
  void connect$('h', 1, { transport: text, tls: true });
  // @ts-expect-error -- nor is it bound
  void connect$('h', 1, { transport: text, localAddress: '127.0.0.1' });
  // @ts-expect-error -- a factory's sockets have their options
  void connect$('h', 1, { socketFactory, tcp: { noDelay: true } });
  // @ts-expect-error -- there is nothing that could be terminal
  void connect$('h', 1, { isTerminal: () => true });
  // @ts-expect-error -- a transport emits what its setup takes
  void connect$('h', 1, { transport: text, setup: (socket: Socket) => of(socket) });
  // @ts-expect-error -- there is no such option
  void connect$('h', 1, { conectTimeout: 1000 });
  // @ts-expect-error -- nothing is shared that could be partitioned
  void connect$('h', 1, { partition: 'a' });
  // @ts-expect-error -- a partition has a name
  void connector.connect$('h', 1, { partition: 5 });
  // @ts-expect-error -- the race makes the connection
  void connect$('h', 1, { tls: { path: '/socket' } });
  // @ts-expect-error -- a family is a number
  void connect$('h', 1, { family: '4' });
};

const root = join(__dirname, '..');
const consumer = join(root, 'spec', 'consumers', 'types');

/** What the compiler says of files for which the package is its source. */
function said(exactOptionalPropertyTypes: boolean, ...names: string[]): string {
  const { paths } = (ts.readConfigFile(join(root, 'tsconfig.json'), (file) => ts.sys.readFile(file)).config as Config)
    .compilerOptions;
  const options: ts.CompilerOptions = {
    strict: true,
    exactOptionalPropertyTypes,
    noEmit: true,
    skipLibCheck: true,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    types: ['node'],
    paths: Object.fromEntries(Object.entries(paths).map(([name, files]) => [name, files.map((file) => join(root, file))])),
  };
  const files = names.map((name) => join(consumer, name));
  const program = ts.createProgram(files, options);
  const diagnostics = files.flatMap((file) => [...ts.getPreEmitDiagnostics(program, program.getSourceFile(file))]);
  return ts.formatDiagnostics(diagnostics, {
    getCanonicalFileName: (name) => name,
    getCurrentDirectory: () => consumer,
    getNewLine: () => '\n',
  });
}

interface Config {
  readonly compilerOptions: { readonly paths: Record<string, string[]> };
}

it.each([true, false])(
  'what users write compiles, and what is wrong is said in a few lines; exactOptionalPropertyTypes: %p',
  (exact) => {
    const { problemsOf } = createRequire(__filename)(join(consumer, 'expectations.cjs')) as {
      problemsOf: (said: string, file: string) => string[];
    };
    expect(problemsOf(said(exact, 'accepted.ts', 'refused.ts'), join(consumer, 'refused.ts'))).toEqual([]);
  },
  120_000,
);

it('package.json has the types of each entry for classic resolution', () => {
  const { exports, typesVersions } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    exports: Record<string, { require: { types: string } }>;
    typesVersions: Record<'*', Record<string, string[]>>;
  };
  const entries = Object.entries(exports).filter(([name]) => name !== '.' && name !== './package.json');
  expect(typesVersions['*']).toEqual(Object.fromEntries(entries.map(([name, { require }]) => [name.slice(2), [require.types]])));
});

it('the types say what a race is for, and refuse what makes no sense', () => {
  expect(compiled).toEqual(expect.any(Function));
});
