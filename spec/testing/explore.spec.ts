import { runInNewContext } from 'node:vm';
import { timer } from 'rxjs';
import { connect, connect$, createConnector } from '../../src/index.js';
import * as kit from '../../src/testing/index.js';
import { explore, virtualNetwork, type ExplorationError, type Server, type VirtualNetwork } from '../../src/testing/index.js';
import { runs } from '../support/runs.js';

/** What is found in a program that fails. */
const findingOf = async (program: (network: VirtualNetwork) => unknown, options?: kit.ExploreOptions) => {
  const result = await explore(program, options).catch((error: unknown) => error);
  expect(result).toBeInstanceOf(kit.ExplorationError);
  return result as ExplorationError;
};

/** The network that code describes. */
const networkOf = (code: string) => runInNewContext(code, { ...kit }) as VirtualNetwork;

const careful = async (network: VirtualNetwork) => {
  const socket = await connect('example.com', 443, network).catch(() => undefined);
  socket?.destroy();
};

describe('explore', () => {
  it('lets a careful program alone, on thousands of networks', async () => {
    expect(await explore(careful, { seed: 42, runs: runs(2000) })).toEqual({ seed: 42, runs: runs(2000) });
    expect(await explore(careful)).toEqual({ seed: 1, runs: 1000 });
  }, 60_000);

  it('runs streams, and plain functions', async () => {
    await explore((network) => timer(10, network.scheduler), { runs: 10 });
    await explore(() => 5, { runs: 10 });
  });

  it('tries all sorts of networks', async () => {
    const codes = new Set<string>();
    const outcomes = new Set<string>();
    await explore(
      async (network) => {
        await careful(network);
        for (const { outcome } of network.ends) outcomes.add(outcome);
        outcomes.add(`winner: ${network.winner?.includes(':')}`);
        codes.add(network.timeline());
      },
      { runs: 500 },
    );
    expect([...outcomes].sort()).toEqual([
      'cancelled',
      'connected',
      'failed',
      'winner: false',
      'winner: true',
      'winner: undefined',
    ]);
    expect(codes.size).toBeGreaterThan(300);
  }, 30_000);

  it('finds the smallest network in which a program fails, with a picture and as code', async () => {
    // Forgets that there may be no winner.
    const error = await findingOf(async (network) => {
      const socket = await connect('example.com', 443, network);
      socket.destroy();
    });
    expect(error.code).toBe(`virtualNetwork({
  dns: {
    AAAA: after(0, nodata()),
    A: after(0, nodata()),
  },
})`);
    expect(error.message).toMatch(
      /^after \d+ networks that it stands, one in which the program fails: Could not connect to example.com:443: no addresses to try.*\n\nconst network = virtualNetwork\(\{\n.*\n\n +0 ms .*\n\nTo try it again: explore\(program, \{ seed: 1, path: '[\d:]+' \}\)$/s,
    );
    expect(error.cause).toMatchObject({ name: 'ConnectionError' });
    expect(error.timeline).toContain('ENODATA after 0 ms');
  }, 30_000);

  it('finds a client that takes too long only where its first address is dead', async () => {
    const impatient = (network: VirtualNetwork) => {
      return connect('example.com', 443, { ...network, enabled: false, connectTimeout: 3000 }).then(
        (socket) => {
          socket.destroy();
          if (network.scheduler.now() >= 2000) throw new Error('too late');
        },
        () => undefined,
      );
    };
    const error = await findingOf(impatient, { runs: 3000, seed: 7 });
    const network = networkOf(error.code);
    expect((await network.settle(impatient)).error).toMatchObject({ message: 'too late' });
    expect(network.starts.length).toBeLessThanOrEqual(4);
  }, 60_000);

  it('finds sockets that are left open, and attempts and timers', async () => {
    const open = await findingOf(async (network) => {
      await connect('example.com', 443, network).then(
        () => undefined,
        () => undefined,
      );
    });
    expect(open.cause).toMatchObject({ message: expect.stringContaining('socket of 192.0.2.1:443, since 0 ms') });
    expect(open.code).toContain("'192.0.2.1': connects(0),");
    const late = await findingOf((network) => {
      connect$('example.com', 443, network).subscribe({ error: () => undefined });
    });
    expect(late.message).toContain('look-up of example.com');
    await explore(
      (network) => {
        connect$('example.com', 443, network).subscribe({ error: () => undefined });
      },
      { allowLeaks: true },
    );
  }, 30_000);

  it('finds a program that waits for ever', async () => {
    const error = await findingOf(async (network) => {
      const socket = await connect('example.com', 443, { ...network, connectTimeout: Infinity }).catch(() => undefined);
      socket?.destroy();
    });
    expect(error.message).toContain('it still waits, though nothing more will happen');
    expect(error.code).toMatch(/lost\(\)|hangs\(\)/);
  }, 30_000);

  it('finds clients that cannot stand a connection that breaks', async () => {
    const greet: Server = (socket) => void socket.end('220 hello\r\n');
    const error = await findingOf(
      async (network) => {
        const socket = await connect('example.com', 25, network).catch(() => undefined);
        if (!socket) return;
        let text = '';
        for await (const chunk of socket) text += String(chunk);
        if (text !== '220 hello\r\n') throw new Error(`got '${text}'`);
      },
      { serve: greet, runs: 2000 },
    );
    expect(error.code).toMatch(/\.serves\(greet\)\.(?:losesAfter|resetsAfter|latency)\(\d+\)/);
  }, 60_000);

  it('finds the same again from its seed, and at once from its path', async () => {
    const program = async (network: VirtualNetwork) => {
      await careful(network);
      if (network.starts.length === 3) throw new Error('three');
    };
    const [first, second] = [await findingOf(program, { seed: 3 }), await findingOf(program, { seed: 3 })];
    expect([second.message, second.code, second.path]).toEqual([first.message, first.code, first.path]);
    let runs = 0;
    const third = await findingOf(
      (network) => {
        runs++;
        return program(network);
      },
      { seed: 3, path: first.path },
    );
    expect(third.code).toBe(first.code);
    expect(third.timeline).toBe(first.timeline);
    expect(runs).toBeLessThan(50);
    expect((await findingOf(program, { seed: 4 })).path).not.toBe(first.path);
  }, 60_000);

  it('finds it by the very options that the message names', async () => {
    const greet: Server = (socket) => void socket.end('hello');
    const program = async (network: VirtualNetwork) => {
      await connect('example.com', 443, network).catch(() => undefined);
      if (network.starts.length === 4) throw new Error('four');
    };
    const error = await findingOf(program, {
      seed: 5,
      addresses: 5,
      latest: 50,
      serve: greet,
      allowLeaks: true,
      runs: undefined,
    });
    const hint = /To try it again: (explore\(.*\))$/.exec(error.message)![1]!;
    expect(hint).toMatch(
      /^explore\(program, \{ seed: 5, addresses: 5, latest: 50, allowLeaks: true, serve: greet, path: '.*' \}\)$/,
    );
    const again: unknown = await (runInNewContext(hint, { explore, program, greet }) as Promise<unknown>).catch(
      (error: unknown) => error,
    );
    expect(again).toMatchObject({ code: error.code, timeline: error.timeline });
  }, 30_000);

  it('leaves nothing in a network that the failure does not need', async () => {
    const greet: Server = (socket) => void socket.end('hello');
    const codes = new Set<string>();
    for (let seed = 1; seed <= 20; seed++) {
      const forgets = (network: VirtualNetwork) =>
        connect('example.com', 443, network).then(
          () => undefined,
          () => undefined,
        );
      codes.add((await findingOf(forgets, { seed })).code);
      codes.add((await findingOf(forgets, { seed, serve: greet })).code);
    }
    const [four, six] = ["'192.0.2.1'", "'2001:db8::1'"];
    for (const code of codes) {
      const fates = code.split('\n').filter((line) => line.startsWith(`    ${four}`) || line.startsWith(`    ${six}`));
      expect(fates).toHaveLength(1);
      expect(fates[0]).toMatch(/: connects\(0\)(?:\.serves\(greet\))?,$/);
    }
  }, 120_000);

  it('serves those that recover as well', async () => {
    let [served, recovered] = [0, 0];
    const program = async (network: VirtualNetwork) => {
      served = 0;
      await careful(network);
      await careful(network);
      const connected = network.ends.filter(({ outcome }) => outcome === 'connected');
      if (served !== connected.length) throw new Error('not served');
      if (connected.some(({ address }) => network.ends.some((end) => end.address === address && end.outcome === 'failed')))
        recovered++;
    };
    const serve: Server = () => {
      served++;
    };
    await explore(program, { serve, latest: 10 });
    expect(recovered).toBeGreaterThan(10);
  }, 60_000);

  it('knows a program that throws nothing', async () => {
    const error = await findingOf(() => Promise.reject(undefined));
    expect(error.cause).toBeInstanceOf(Error);
    await findingOf(() => {
      throw undefined as never;
    });
  });

  it.each(['nonsense', '0:99999:7'])('names the path that leads nowhere: %s', async (path) => {
    await expect(explore(() => Promise.reject(new Error('no')), { path })).rejects.toThrow(`"options.path" leads nowhere (`);
  });

  it('gives code that makes the same network', async () => {
    const error = await findingOf(async (network) => {
      await careful(network);
      if (network.ends.some(({ outcome }) => outcome === 'cancelled')) throw new Error('cancelled');
    });
    const network = networkOf(error.code);
    await network.settle(careful);
    expect(network.timeline()).toBe(error.timeline);
  }, 30_000);

  it('is the same with a connector, whose chance is the network’s', async () => {
    const timelines = async () => {
      const all: string[] = [];
      const program = async (network: VirtualNetwork) => {
        const { connect } = createConnector(network);
        for (let i = 0; i < 3; i++)
          await connect('example.com', 443).then(
            (socket) => socket.destroy(),
            () => undefined,
          );
        all.push(network.timeline());
      };
      await explore(program, { runs: 200 });
      return all;
    };
    expect(await timelines()).toEqual(await timelines());
  }, 60_000);

  it.each<[object, string]>([
    [{ runs: 0 }, 'options.runs'],
    [{ seed: 0.5 }, 'options.seed'],
    [{ latest: -1 }, 'options.latest'],
    [{ latest: 1.5 }, 'options.latest'],
    [{ run: 5 }, 'options.run'],
  ])('refuses %p', async (options, name) => {
    await expect(explore(careful, options)).rejects.toThrow(name);
  });

  it('refuses what is no program', async () => {
    await expect(explore(virtualNetwork() as never)).rejects.toThrow('"program" must be a function');
  });
});
