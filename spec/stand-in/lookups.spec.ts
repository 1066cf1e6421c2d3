import { AsyncLocalStorage } from 'node:async_hooks';
import dns, { type LookupAddress } from 'node:dns';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { processHistory } from '../../src/connector/process-history.js';
import { codedError } from '../../src/core/error-tools.js';
import { rfc6724, type Endpoint } from '../../src/index.js';
import type { PathRecord } from '../../src/core/race/path-records.js';
import { rankLookups } from '../../src/stand-in/lookups.js';
import { ranking } from '../../src/stand-in/ranking.js';
import { register } from '../../src/stand-in/register.js';
import { runNode } from '../support/dist.js';
import { lastValueFrom, of } from 'rxjs';

register()(); // importing it has registered already

const V6 = '2001:db8::1';
const OTHER_V6 = '2001:db8::2';
const V4 = '192.0.2.1';
const OTHER_V4 = '192.0.2.2';

const placed = (addresses: readonly string[]): LookupAddress[] =>
  addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
const addressesOf = (found: readonly LookupAddress[]) => found.map(({ address }) => address);

/** A source for every address, so that no rule about routes tells them apart. */
const sourced = rfc6724({ findSources: (endpoints) => endpoints.map(({ family }) => (family === 6 ? V6 : V4)) });
const reversed = (endpoints: readonly Endpoint[]) => [...endpoints].reverse();

const undo: (() => void)[] = [];
afterEach(() => {
  for (const undone of undo.splice(0).reverse()) undone();
});

const callbackForm = dns.lookup;
const promiseForm = dns.promises.lookup;

/** Lets the system answer with these addresses. */
function answering(...addresses: readonly string[]): void {
  const found = placed(addresses);
  const lookup = (_name: string, options: dns.LookupOptions, callback: (...answer: unknown[]) => void) => {
    process.nextTick(() => {
      if (options.all) callback(null, found);
      else callback(null, found[0]!.address, found[0]!.family);
    });
  };
  // eslint-disable-next-line @typescript-eslint/require-await -- it is one of Node's, which returns a Promise
  const promised = async (_name: string, options?: dns.LookupOptions) => (options?.all ? found : found[0]!);
  Object.assign(dns, { lookup });
  Object.assign(dns.promises, { lookup: promised });
  undo.push(() => {
    Object.assign(dns, { lookup: callbackForm });
    Object.assign(dns.promises, { lookup: promiseForm });
  });
}

const looked = async (options: dns.LookupAllOptions = { all: true }) =>
  new Promise<string[]>((resolve, reject) => {
    dns.lookup('service.example', options, (error, found) => {
      if (error) reject(error);
      else resolve(addressesOf(found));
    });
  });
const registered = (options: Parameters<typeof register>[0]) => {
  const end = register(options);
  undo.push(end);
  return end;
};

describe('ranking', () => {
  const rank = async (
    options: Parameters<typeof ranking>[0],
    addresses: readonly string[],
    records: Record<string, PathRecord> = {},
  ) => {
    const past = {
      recall: ({ address }: { address: string }) => records[address],
      failedLately: ({ failedAt }: PathRecord) => failedAt !== undefined,
    };
    return addressesOf(await lastValueFrom(ranking(options, () => past)(placed(addresses) as never, undefined)));
  };

  it('goes by destination address selection', async () => {
    expect(await rank({ sort: sourced }, [V4, V6])).toEqual([V6, V4]);
  });

  it('puts faster addresses, then those that were used, before others that selection does not tell apart', async () => {
    const records = { [OTHER_V4]: { smoothedRtt: 20, usedAt: 1 }, [OTHER_V6]: { usedAt: 1 } };
    expect(await rank({ sort: sourced }, [V4, OTHER_V4, V6, OTHER_V6], records)).toEqual([OTHER_V6, V6, OTHER_V4, V4]);
  });

  it('puts addresses that failed lately last, whatever family leads', async () => {
    const records = { [V6]: { failedAt: 1 } };
    expect(await rank({ sort: sourced }, [V6, OTHER_V6, V4], records)).toEqual([OTHER_V6, V4, V6]);
    expect(await rank({ sort: sourced, preferFamily: 6 }, [V6, V4], records)).toEqual([V4, V6]);
  });

  it('lets the family lead that is preferred', async () => {
    expect(await rank({ sort: sourced, preferFamily: 4 }, [V6, V4, OTHER_V6])).toEqual([V4, V6, OTHER_V6]);
  });

  it('goes by a `sort` of the caller, also one that takes its time, and leaves nothing out', async () => {
    expect(await rank({ sort: reversed }, [V6, V4])).toEqual([V4, V6]);
    expect(await rank({ sort: (endpoints) => of(reversed(endpoints)) }, [V6, V4])).toEqual([V4, V6]);
    expect(await rank({ sort: (endpoints) => endpoints.slice(1) }, [V6, V4])).toEqual([V4, V6]);
    expect(await rank({ sort: 'none' }, [V4, V6])).toEqual([V4, V6]);
  });
});

describe('register({ lookups: true })', () => {
  it('[T7] ranks the answers of dns.lookup with `all`, and of its Promise', async () => {
    answering(V4, V6);
    registered({ lookups: true, sort: reversed });
    expect(await looked()).toEqual([V6, V4]);
    expect(addressesOf(await dns.promises.lookup('service.example', { all: true }))).toEqual([V6, V4]);
  });

  it('[T7] puts addresses last that failed lately, by the history that the sockets of the process share', async () => {
    answering(V6, OTHER_V6, V4);
    const random = () => 1; // no look-up takes no notice
    const lesson = {
      type: 'failed',
      at: 1,
      endpoint: { address: V6, family: 6, port: 443 },
      error: codedError('ETIMEDOUT', 'dead'),
    } as const;
    processHistory().begin(random, '').learn([lesson]);
    undo.push(() => processHistory().clear());
    registered({ lookups: true, sort: sourced, random });
    expect(await looked()).toEqual([OTHER_V6, V4, V6]);
    registered({ lookups: true, sort: sourced, history: false });
    expect(await looked()).toEqual([V6, OTHER_V6, V4]);
  });

  it('is off by default, and with other options that are registered later', async () => {
    answering(V4, V6);
    const before = dns.lookup;
    registered({ sort: reversed });
    expect(dns.lookup).toBe(before);
    registered({ lookups: true, sort: reversed });
    expect(dns.lookup).not.toBe(before);
    registered({ sort: reversed });
    expect(dns.lookup).toBe(before);
    expect(await looked()).toEqual([V4, V6]);
  });

  it('leaves a look-up for one address as it is', async () => {
    answering(V4, V6);
    registered({ lookups: true, sort: reversed });
    expect(await dns.promises.lookup('service.example')).toEqual({ address: V4, family: 4 });
    const address = await new Promise((resolve) => {
      dns.lookup('service.example', {}, (_error, found) => resolve(found));
    });
    expect(address).toBe(V4);
  });

  it('[T7] lets the family lead that the call or the program wants first', async () => {
    answering(V6, V4);
    registered({ lookups: true, sort: 'none' });
    expect(await looked({ all: true, order: 'ipv4first' })).toEqual([V4, V6]);
    expect(await looked({ all: true, verbatim: false })).toEqual([V4, V6]);
    dns.setDefaultResultOrder('ipv4first');
    undo.push(() => dns.setDefaultResultOrder('verbatim'));
    expect(await looked()).toEqual([V4, V6]);
    expect(await looked({ all: true, verbatim: true })).toEqual([V6, V4]);
  });

  it.each([
    ['ipv4first', [V6, V4], [V4, V6]],
    ['ipv6first', [V4, V6], [V6, V4]],
    ['verbatim', [V4, V6], [V4, V6]],
    ['verbatim', [V6, V4], [V6, V4]],
  ])('[T7] keeps to the order %s of a call', async (order, found, expected) => {
    answering(...found);
    registered({ lookups: true, sort: 'none', history: false });
    expect(await looked({ all: true, order } as dns.LookupAllOptions)).toEqual(expected);
  });

  it('[T7] ranks without a history, too', async () => {
    answering(V4, V6);
    registered({ lookups: true, sort: 'none', preferFamily: 6, history: false });
    expect(await looked()).toEqual([V6, V4]);
  });

  it.each([undefined, null, {}, { all: false }, 4])('leaves all of an answer to one address as it is: %p', async (options) => {
    const lookup = (...given: unknown[]) => {
      (given.at(-1) as (...answer: unknown[]) => void)(null, V4, 4);
    };
    Object.assign(dns, { lookup });
    undo.push(() => Object.assign(dns, { lookup: callbackForm }));
    registered({ lookups: true });
    const answer = await new Promise((resolve) => {
      const answered = (...given: unknown[]) => {
        resolve(given);
      };
      const given = options === undefined ? [answered] : [options, answered];
      (dns.lookup as (...given: unknown[]) => void)('service.example', ...given);
    });
    expect(answer).toEqual([null, V4, 4]);
  });

  it('does nothing unless look-ups are to be ranked', () => {
    const before = dns.lookup;
    const end = rankLookups(false, { sort: reversed });
    undo.push(end);
    expect(dns.lookup).toBe(before);
  });

  it('leaves in place what someone has put over it, though it is registered again before or after its end', () => {
    answering(V4, V6);
    const end = registered({ lookups: true });
    const ours = dns.lookup;
    const wrapper = ((...given: unknown[]): unknown => Reflect.apply(ours, dns, given)) as unknown as typeof dns.lookup;
    Object.assign(dns, { lookup: wrapper });
    registered({ lookups: true });
    expect(dns.lookup).toBe(wrapper);
    end();
    registered({})();
    registered({ lookups: true });
    expect(dns.lookup).toBe(wrapper);
    register()();
    Object.assign(dns, { lookup: ours });
    register({ lookups: true })();
  });

  it('passes errors on, those of wrong arguments too', async () => {
    registered({ lookups: true });
    await expect(looked({ all: true, family: 5 } as never)).rejects.toThrow('family');
    expect(() => dns.lookup('service.example', { all: true }, undefined as never)).toThrow('callback');
    const failing = Object.assign(new Error('no'), { code: 'ENOTFOUND' });
    register()();
    Object.assign(dns, { lookup: (_name: string, _options: object, callback: (error: Error) => void) => callback(failing) });
    undo.push(() => Object.assign(dns, { lookup: callbackForm }));
    registered({ lookups: true });
    await expect(looked()).rejects.toBe(failing);
  });

  it('leaves an answer in its order where `sort` throws', async () => {
    answering(V4, V6);
    registered({ lookups: true, sort: () => { throw new Error('no'); } }); // prettier-ignore
    expect(await looked()).toEqual([V4, V6]);
  });

  it('keeps the asynchronous context, and the form that util.promisify makes', async () => {
    registered({ lookups: true });
    const storage = new AsyncLocalStorage<string>();
    const context = await storage.run(
      'mine',
      async () =>
        new Promise((resolve) => {
          dns.lookup('localhost', { all: true }, () => resolve(storage.getStore()));
        }),
    );
    expect(context).toBe('mine');
    expect(await promisify(dns.lookup)('127.0.0.1')).toEqual({ address: '127.0.0.1', family: 4 });
    expect(dns.lookup.name).toBe('lookup');
  });

  it('puts back what was there, and leaves what someone has put over it', async () => {
    answering(V4, V6);
    const [before, promisedBefore] = [dns.lookup, dns.promises.lookup];
    const end = registered({ lookups: true, sort: reversed });
    end();
    expect([dns.lookup, dns.promises.lookup]).toEqual([before, promisedBefore]);

    const endAgain = registered({ lookups: true, sort: reversed });
    const ours = dns.lookup;
    const wrapper = ((...given: unknown[]): unknown => Reflect.apply(ours, dns, given)) as unknown as typeof dns.lookup;
    Object.assign(dns, { lookup: wrapper });
    endAgain();
    expect(dns.lookup).toBe(wrapper);
    expect(await looked()).toEqual([V4, V6]);
    registered({ lookups: true, sort: reversed });
    expect(await looked()).toEqual([V6, V4]);
    registered({});
    Object.assign(dns, { lookup: before });
    register({ lookups: true })();
    expect(dns.lookup).toBe(before);
  });

  it('is checked', () => {
    expect(() => register({ lookups: 1 as never })).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE', message: expect.stringContaining('options.lookups') }),
    );
    for (const options of [null, [], 'x']) {
      expect(() => register(options as never)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }));
    }
  });
});

describe('the built package', () => {
  const entry = (name: string) => JSON.stringify(join(__dirname, '..', '..', 'dist', name));

  /** What a program prints; its look-ups are those of two addresses that a hosts file could name. */
  async function printed(code: string): Promise<unknown> {
    const { stdout, stderr, status } = await runNode('--input-type=module', '--eval', code).ended;
    expect([status, stderr]).toEqual([0, '']);
    return JSON.parse(stdout) as unknown;
  }

  it('[T7] ranks named imports, with a registration by the environment, and ends them all', async () => {
    const code = `
      import dns, { lookup } from 'node:dns';
      import { lookup as promised } from 'node:dns/promises';
      const [before, promisedBefore] = [lookup, promised];
      process.env.RX_HAPPY_EYEBALLS = '{"lookups":true}';
      await import(${entry('register.mjs')});
      const during = [lookup !== before, promised !== promisedBefore, dns.lookup === lookup];
      const { register } = await import(${entry('register.mjs')});
      register({ lookups: true })();
      console.log(JSON.stringify([...during, lookup === before, promised === promisedBefore]));`;
    expect(await printed(code)).toEqual([true, true, true, true, true]);
  });

  it.each(['mjs', 'cjs'])('races as usual: the look-up that was put in place is not the program’s own (%s)', async (form) => {
    const code = `
      import { createRequire } from 'node:module';
      import net from 'node:net';
      const require = createRequire(import.meta.url);
      const load = (name) => ${form === 'mjs'} ? import(name + '.mjs') : require(name + '.cjs');
      const { register } = await load(${entry('register')});
      const both = await import(${entry('register.mjs')}), other = require(${entry('register.cjs')});
      const asked = [];
      const sort = (endpoints) => (asked.push(endpoints.map(({ port }) => port)), endpoints);
      register({ lookups: true, sort });
      const server = net.createServer((socket) => socket.end()).listen(0, '127.0.0.1', () => {
        const { port } = server.address();
        net.connect({ host: 'localhost', port }).on('connect', () => {
          console.log(JSON.stringify({ ranked: asked.some((ports) => ports.includes(0)), raced: asked.length > 0 }));
          process.exit();
        });
      });`;
    // A look-up that counted as the program's own would have been asked, and have ranked, before the race began.
    expect(await printed(code)).toEqual({ ranked: false, raced: true });
  });
});
