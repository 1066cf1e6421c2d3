import { compileFunction } from 'node:vm';
import { readdirSync, readFileSync } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import type net from 'node:net';
import * as rxjs from 'rxjs';
import ts from 'typescript';
import * as all from '../../src/index.js';
import { connect, createConnector, type ConnectOptions } from '../../src/index.js';
import { connects, hangs, refuses, virtualNetwork, type VirtualNetwork } from '../../src/testing/index.js';
import { fences } from '../support/fences.js';

const root = join(__dirname, '..', '..');
const upstream = '192.0.2.1';

describe('the option tcp', () => {
  it('is given to the sockets of a network', async () => {
    const network = virtualNetwork({
      dns: [upstream],
      endpoints: { [upstream]: connects(5, (server) => server.end('bye')) },
    });
    const open = { ...network, tcp: { allowHalfOpen: true, highWaterMark: 1000, noDelay: true } };
    const { value } = await network.settle(async () => {
      const sockets = [await connect('up.example', 80, open), await connect('up.example', 80, network)];
      await Promise.all(sockets.map((socket) => once(socket.resume(), 'end')));
      await new Promise((resolve) => void network.scheduler.schedule(() => resolve(undefined), 1));
      return sockets.map((socket) => [socket.allowHalfOpen, socket.readableHighWaterMark, socket.writable]);
    });
    expect(value).toEqual([
      [true, 1000, true],
      [false, expect.any(Number), false],
    ]);
  });

  it('of a connector, and of its calls', () => {
    const network = virtualNetwork({ dns: [upstream], endpoints: { [upstream]: connects(5) } });
    const seen: boolean[] = [];
    const note = (socket: net.Socket) => {
      seen.push(socket.allowHalfOpen);
      socket.destroy();
    };
    createConnector(network)
      .connect$('up.example', 80, { tcp: { allowHalfOpen: true } })
      .subscribe(note);
    createConnector({ ...network, tcp: { allowHalfOpen: true } })
      .connect$('up.example', 80)
      .subscribe(note);
    createConnector({ tcp: { allowHalfOpen: true } })
      .connect$('up.example', 80, { ...network })
      .subscribe(note);
    network.flush();
    expect(seen).toEqual([true, true, true]);
    expect(network.starts).toHaveLength(3);
  });

  it('is refused beside any other transport, as before', async () => {
    const transport = () => rxjs.NEVER;
    await expect(() => connect('h', 1, { transport, tcp: {} } as never)).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' });
  });
});

describe('the listening side', () => {
  it('accepts clients from outside, in the time of the network', async () => {
    const network = virtualNetwork();
    const { value, finish } = await network.settle(async () => {
      const server = network.createServer((socket) => socket.pipe(socket)).listen(8080);
      await once(server, 'listening');
      const client = network.dial(8080, { latency: 15 });
      client.end('hello');
      const [answer] = (await once(client, 'data')) as [Buffer];
      server.close();
      await once(server, 'close');
      return String(answer);
    });
    expect([value, finish]).toEqual(['hello', expect.any(Number)]);
    expect(finish).toBeGreaterThanOrEqual(30);
  });

  it('refuses where nothing listens, and a port that is taken', () => {
    const network = virtualNetwork();
    expect(() => network.dial(8080)).toThrow(expect.objectContaining({ code: 'ECONNREFUSED' }));
    const first = network.createServer().listen(8080);
    const errors: unknown[] = [];
    const second = network
      .createServer()
      .on('error', (error) => errors.push(error))
      .listen({ port: 8080 });
    network.flush();
    expect(errors).toEqual([expect.objectContaining({ code: 'EADDRINUSE' })]);
    expect([first.listening, second.listening]).toEqual([true, false]);
    first.close();
    second.listen(8080);
    network.flush();
    expect(second.address()).toMatchObject({ port: 8080 });
  });

  it('takes free ports, and has what a net.Server has', () => {
    const network = virtualNetwork();
    const calls: string[] = [];
    const [first, second] = [1, 2].map(() =>
      network.createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1', () => calls.push('up')),
    );
    network.flush();
    expect(calls).toEqual(['up', 'up']);
    const [one, two] = [first, second].map((server) => (server!.address() as net.AddressInfo).port);
    expect(one).not.toBe(two);
    expect(() => first!.listen(1)).toThrow(expect.objectContaining({ code: 'ERR_SERVER_ALREADY_LISTEN' }));
    first!.close().close((error) => calls.push((error as NodeJS.ErrnoException).code!));
    network.flush();
    expect([calls.at(-1), first!.address()]).toEqual(['ERR_SERVER_NOT_RUNNING', null]);
  });

  it('counts servers and accepted sockets that are left as leaks', () => {
    const network = virtualNetwork();
    const accepted: net.Socket[] = [];
    const { leaks } = network.run(() => {
      network.createServer((socket) => accepted.push(socket)).listen(8080);
      network.dial(8080);
      return rxjs.timer(5, network.scheduler);
    });
    expect(leaks).toEqual([
      { kind: 'socket', what: expect.stringContaining('[2001:db8:ffff::2]:') as string, since: 0 },
      { kind: 'server', what: 'port 8080', since: 0 },
    ]);
  });
});

describe("README's own proxy, as it runs", () => {
  const pages = ['README.md', ...readdirSync(join(root, 'docs')).map((file) => join('docs', file))].filter((file) =>
    file.endsWith('.md'),
  );
  const program = pages
    .flatMap((file) => fences(readFileSync(join(root, file), 'utf8')))
    .find((code) => code.includes('createServer({ allowHalfOpen'))!;

  /** Runs the program with the network in the place of Node's. */
  function start(network: VirtualNetwork): void {
    const { outputText } = ts.transpileModule(program, {
      compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.CommonJS, esModuleInterop: true },
    });
    const modules: Record<string, object> = {
      'node:net': { createServer: network.createServer },
      'rx-happy-eyeballs': {
        ...all,
        connect$: (host: string, port: number, options: ConnectOptions) =>
          all.connect$(host, port, { ...options, ...network } as never),
      },
      // Time that is real in the program is the network's here.
      rxjs: {
        ...rxjs,
        retry: ({ count, delay }: { count: number; delay: number }) =>
          rxjs.retry({ count, delay: () => rxjs.timer(delay, network.scheduler) }),
      },
    };
    const run = compileFunction(outputText, ['require', 'exports']) as (require: unknown, exports: object) => void;
    run((name: string) => modules[name], {});
  }

  const dialled = (network: VirtualNetwork) => {
    const client = network.dial(8080, { allowHalfOpen: true });
    const heard: Buffer[] = [];
    client.on('data', (chunk: Buffer) => heard.push(chunk));
    return { client, heard: () => Buffer.concat(heard).toString() };
  };

  it('carries both directions, and each to its own end', async () => {
    // The upstream answers only when the client has ended its side: what is half open must stay open.
    const network = virtualNetwork({
      dns: [upstream],
      endpoints: {
        [upstream]: connects(20, (server) => {
          server.allowHalfOpen = true;
          const asked: Buffer[] = [];
          server.on('data', (chunk: Buffer) => asked.push(chunk));
          server.on('end', () => server.end(`you said ${Buffer.concat(asked).toString()}`));
        }),
      },
    });
    start(network);
    const { client, heard } = dialled(network);
    client.end('hello');
    await network.elapse(50);
    expect(heard()).toBe('you said hello');
    expect(client.destroyed).toBe(true);
  });

  it('tries again when there was no winner, and closes the client when there is none at last', async () => {
    const network = virtualNetwork({
      dns: [upstream],
      endpoints: {
        [upstream]: (attempt) => (attempt < 3 ? refuses(5) : attempt === 3 ? connects(5, (s) => s.end('third')) : refuses(5)),
      },
    });
    start(network);
    const first = dialled(network);
    await network.elapse(400);
    expect(first.heard()).toBe('third');
    const second = dialled(network);
    await network.elapse(400);
    expect([second.heard(), second.client.readableEnded]).toEqual(['', true]);
    expect(network.starts).toHaveLength(6);
  });

  it('ends the race when the client resets its connection', async () => {
    const network = virtualNetwork({ dns: [upstream], endpoints: { [upstream]: hangs() } });
    start(network);
    const { client } = dialled(network);
    await network.elapse(10);
    expect(network.inFlight(10)).toEqual([upstream]);
    client.resetAndDestroy();
    await network.elapse(10);
    expect(network.ends.map(({ outcome }) => outcome)).toEqual(['cancelled']);
  });
});
