import { EventEmitter } from 'node:events';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Agent, type Dispatcher } from 'undici';
import { builtInUndici, createAgent, GLOBAL_DISPATCHERS, globals, installedUndici } from '../../src/stand-in/undici-agent.js';

interface Told {
  readonly whose?: string;
  readonly options?: unknown;
}

let home: string;
const at = (...path: readonly string[]) => join(home, ...path);

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

/** An undici in a folder of its own, beside a main module. */
function install(folder: string, code: string, version = '7.0.0'): void {
  const path = at(folder, 'node_modules', 'undici');
  write(join(path, 'package.json'), JSON.stringify({ name: 'undici', version, main: 'index.js' }));
  write(join(path, 'index.js'), code);
  write(at(folder, 'package.json'), '{ "main": "main.js" }');
  write(at(folder, 'main.js'), '');
}

const agentOf = (whose: string) =>
  `exports.Agent = class { whose = '${whose}'; constructor(options) { this.options = options; } };`;

beforeAll(() => {
  home = realpathSync(mkdtempSync(join(tmpdir(), 'undici-agent-')));
  install('app', agentOf('app'));
  install('other', agentOf('other'));
  install('six', agentOf('six'), '6.21.0');
  install('broken', `throw new Error('not on this Node');`);
  write(at('bare', 'main.js'), '');
  mkdirSync(at('links'));
  symlinkSync(at('app', 'main.js'), at('links', 'main.js'));
  install(
    'eight',
    `exports.Agent = class { dispatch(...given) { return ['agent', this.constructor === exports.Agent, ...given]; } };
     exports.Dispatcher1Wrapper = class {
       constructor(agent) { this.agent = agent; }
       dispatch(...given) { return ['wrapper', this.agent instanceof exports.Agent, ...given]; }
     };`,
    '8.0.0',
  );
});

afterAll(() => {
  rmSync(home, { recursive: true });
});

const { argv, execArgv } = process;
const dispatchers = GLOBAL_DISPATCHERS.map((key) => globals[key]);
afterEach(() => {
  Object.assign(process, { argv, execArgv });
  for (const [i, key] of GLOBAL_DISPATCHERS.entries()) {
    if (dispatchers[i]) globals[key] = dispatchers[i];
    else Reflect.deleteProperty(globals, key);
  }
});

const [OwnAgent, EnvHttpProxyAgent, Dispatcher1Wrapper, Other] = [
  'Agent',
  'EnvHttpProxyAgent',
  'Dispatcher1Wrapper',
  'Other',
].map((name) => ({ [name]: class extends EventEmitter {} })[name]) as unknown as [
  typeof Agent,
  typeof Agent,
  typeof Agent,
  typeof Agent,
];

/** Makes instances of these classes the dispatchers of the process. */
function set(...classes: readonly (typeof Agent | undefined)[]): void {
  for (const [i, key] of GLOBAL_DISPATCHERS.entries()) globals[key] = classes[i] && new classes[i]();
}

/** Creates an agent as a program that was started with such arguments. */
function created(path: string | undefined, flags: readonly string[] = []): Agent & Told {
  process.argv = [argv[0]!, ...(path === undefined ? [] : [path])];
  process.execArgv = [...flags];
  // Node's own undici is out of reach.
  set(Other, Other);
  return createAgent({ pipelining: 3 });
}

describe('an agent', () => {
  it.each([
    ['its main module', () => at('app', 'main.js')],
    ['its folder', () => at('app')],
    ['a symbolic link to its main module', () => at('links', 'main.js')],
    ['a main module that is gone', () => at('app', 'gone.js')],
  ])('is of the undici of the program, by %s', (_how, path) => {
    expect(created(path())).toMatchObject({ whose: 'app', options: { pipelining: 3 } });
  });

  it.each([[], ['--enable-source-maps'], ['--import', 'x.mjs'], ['-r', 'x.cjs'], ['--evaluate']])(
    'goes by the main module with the flags %j',
    (...flags) => {
      expect(created(at('app', 'main.js'), flags)).toHaveProperty('whose', 'app');
    },
  );

  it.each([
    ['-e'],
    ['-p'],
    ['-i'],
    ['-pe'],
    ['--eval'],
    ['--print'],
    ['--eval=1'],
    ['--print=1'],
    ['--interactive'],
    ['-r', 'x.cjs', '-e'],
  ])('is of the undici beside this package with the flags %j', (...flags) => {
    const agent = created(at('app', 'main.js'), flags);
    expect(agent).toBeInstanceOf(Agent);
    return agent.destroy();
  });

  it.each([
    ['there is no main module', () => undefined],
    ['its path is relative', () => 'app/main.js'],
    ['it has none', () => at('bare', 'main.js')],
    ['its own does not run here', () => at('broken', 'main.js')],
  ])('is of the undici beside this package where %s', (_what, path) => {
    const agent = created(path());
    expect(agent).toBeInstanceOf(Agent);
    return agent.destroy();
  });

  it('takes handlers of undici 8 itself, and adapts others, without the option that undici 8 refuses', () => {
    const agent = created(at('eight', 'main.js'));
    const request = { path: '/', method: 'GET' as const, dispatcher: agent };
    const [modern, old] = [
      { onRequestStart: () => undefined },
      { onRequestStart: true },
    ] as never as Dispatcher.DispatchHandler[];
    expect(agent.dispatch(request, modern!)).toEqual(['agent', true, request, modern]);
    expect(agent.dispatch(request, old!)).toEqual(['wrapper', true, { path: '/', method: 'GET' }, old]);
    expect(request.dispatcher).toBe(agent);
  });

  it('of undici 7 dispatches as its class does', () => {
    expect(Object.hasOwn(created(at('app', 'main.js')), 'dispatch')).toBe(false);
  });
});

describe('the installed undici', () => {
  const whose = (files: readonly (string | undefined)[], own?: string) => {
    const undici = installedUndici(files, own);
    return undici && (new undici.Agent({}) as Told).whose;
  };

  it('is the first that is found and loads', () => {
    expect(whose([at('app', 'main.js'), at('other', 'main.js')])).toBe('app');
    expect(whose([undefined, at('other', 'main.js')])).toBe('other');
    expect(whose([at('bare', 'main.js'), at('broken', 'main.js'), at('other', 'main.js')])).toBe('other');
    expect(whose([undefined, at('bare', 'main.js')])).toBeUndefined();
  });

  it.each([
    ['six', '6.24.1', 'six'],
    ['six', '7.9.0', 'six'],
    ['six', '8.0.0', undefined],
    ['six', '10.0.0', undefined],
    ['six', '', 'six'],
    ['app', '8.0.0', 'app'],
    ['app', '6.24.1', 'app'],
  ])('must serve Node’s fetch: %s with Node’s own of version %s', (folder, own, expected) => {
    // One that does not is the program's all the same: no other is looked for.
    expect(whose([at(folder, 'main.js'), at('other', 'main.js')], own)).toBe(expected);
  });

  it('is compared with Node’s own by default', () => {
    const serves = Number.parseInt(process.versions.undici!, 10) < 8;
    expect(whose([at('six', 'main.js')])).toBe(serves ? 'six' : undefined);
  });
});

describe('Node’s own undici', () => {
  const fetched = jest.fn();
  const { fetch } = globalThis;
  beforeEach(() => {
    fetched.mockReset();
    globalThis.fetch = (url) => {
      fetched(url);
      return Promise.resolve(new Response());
    };
  });
  afterEach(() => {
    globalThis.fetch = fetch;
  });

  it.each<readonly [classes: readonly (typeof Agent | undefined)[], expected: object]>([
    [[OwnAgent, OwnAgent], { Agent: OwnAgent }],
    [[EnvHttpProxyAgent, OwnAgent], { Agent: OwnAgent }],
    [[OwnAgent, EnvHttpProxyAgent], { Agent: OwnAgent }],
    [[EnvHttpProxyAgent, Other], { Agent: EnvHttpProxyAgent }],
    [[OwnAgent, Dispatcher1Wrapper], { Agent: OwnAgent, Dispatcher1Wrapper }],
    [[undefined, OwnAgent], { Agent: OwnAgent }],
  ])('is that of the dispatcher that is set: case %#', (classes, expected) => {
    set(...classes);
    expect(builtInUndici()).toEqual({ Dispatcher1Wrapper: undefined, ...expected });
  });

  it.each<readonly [classes: readonly (typeof Agent | undefined)[], times: number]>([
    [[OwnAgent, OwnAgent], 0],
    [[OwnAgent, undefined], 1],
    [[undefined, OwnAgent], 1],
  ])('is loaded by a fetch, if it has not been: case %#', (classes, times) => {
    set(...classes);
    builtInUndici();
    expect(fetched.mock.calls).toEqual(Array.from({ length: times }, () => ['data:,']));
  });

  it('may be behind other dispatchers, which is an error that names them', () => {
    set(Other, Dispatcher1Wrapper);
    expect(builtInUndici).toThrow(
      expect.objectContaining({
        code: 'ERR_UNDICI_NOT_FOUND',
        message: expect.stringContaining(
          `Node's own is behind another dispatcher (Other, Dispatcher1Wrapper). Install undici 7 or 8, or call this before`,
        ) as string,
      }),
    );
    set(undefined, Other);
    expect(builtInUndici).toThrow('(Other)');
  });
});
