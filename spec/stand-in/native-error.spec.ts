import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import tls from 'node:tls';
import { inspect } from 'node:util';
import { blackhole } from '../../src/cli/lab.js';
import { connect, ConnectionError, RaceSocket, staticResolver, type StandInOptions } from '../../src/index.js';
import { HttpAgent, HttpsAgent } from '../../src/stand-in/agent.js';
import { nativeError } from '../../src/stand-in/native-error.js';
import { register } from '../../src/stand-in/register.js';
import { runNode } from '../support/dist.js';
import { open, tcpServer } from '../support/fixtures.js';

const HOST = 'raced.example';
const SILENT = '::1';
const REFUSING = ['127.0.0.2', '127.0.0.3', '127.0.0.4', '127.0.0.5', '127.0.0.6'];

register()(); // importing it has registered already

let port: number;
beforeEach(async () => {
  // A port on which nothing listens.
  const server = await tcpServer('127.0.0.1', 0);
  ({ port } = server);
  await server.close();
});

/** A look-up that gives these addresses as it is asked for them, or the error of one that found nothing. */
function giving(addresses: readonly string[]): net.LookupFunction {
  const found = addresses.map((address) => ({ address, family: net.isIP(address) }));
  return (_host, { all }, callback) => {
    process.nextTick(() => {
      if (all) callback(null, found);
      else callback(null, found[0]!.address, found[0]!.family);
    });
  };
}

type Failing = (lookup: net.LookupFunction) => Promise<unknown>;

const errorOf = async (emitter: NodeJS.EventEmitter) => ((await once(emitter, 'error')) as [Error])[0];
const where = (lookup: net.LookupFunction) => ({ host: HOST, port, lookup, servername: HOST, autoSelectFamily: true });
const ways: Record<string, Failing> = {
  'net.connect': (lookup) => errorOf(net.connect(where(lookup))),
  'tls.connect': (lookup) => errorOf(tls.connect(where(lookup))),
  'http.get': (lookup) => errorOf(http.get({ ...where(lookup), agent: false })),
  'https.get': (lookup) => errorOf(https.get({ ...where(lookup), agent: false })),
};
const own: Record<string, [as: keyof typeof ways, Failing]> = {
  HttpAgent: ['http.get', (lookup) => errorOf(http.get({ ...where(lookup), agent: new HttpAgent() }))],
  HttpsAgent: ['https.get', (lookup) => errorOf(https.get({ ...where(lookup), agent: new HttpsAgent() }))],
  RaceSocket: ['net.connect', (lookup) => errorOf(new RaceSocket().connect(where(lookup)))],
};

async function registered<T>(work: () => Promise<T>, options: StandInOptions = {}): Promise<T> {
  // A silent address would be tried last from the second time on.
  const stop = register({ history: false, ...options });
  try {
    return await work();
  } finally {
    stop();
  }
}

/** All that a program can see of an error but the frames of its stack. */
function seen(error: unknown): unknown {
  const { name, message, stack, constructor, errors } = error as AggregateError;
  // The code in it is kept from stacks by Jest.
  const head = stack!.split('\n')[0]!.replace(/ \[\w+\]/, '');
  const type = Object.prototype.toString.call(error);
  const json = JSON.stringify(error);
  const keys = [Object.keys(error as object), Object.getOwnPropertyNames(error).filter((key) => key !== 'connectionError')];
  const common = { name, message, head, constructor: constructor.name, type, json, keys };
  return { ...common, ...(error as object), ...(Array.isArray(errors) && { errors: errors.map(seen) }) };
}

const lines = (error: unknown) => inspect(error).split('\n').length;

describe.each([1, 2, 5])('where %i addresses refuse', (count) => {
  const lookup = giving(REFUSING.slice(0, count));

  it.each(Object.keys(ways))('%s under register fails as plain Node does', async (way) => {
    const plain = await ways[way]!(lookup);
    const raced = await registered(() => ways[way]!(lookup));
    expect(seen(raced)).toEqual(seen(plain));
    expect(lines(raced)).toBeLessThanOrEqual(lines(plain));
  });

  it.each(Object.keys(own))('%s fails as plain Node does', async (way) => {
    const [as, fail] = own[way]!;
    const plain = await ways[as]!(lookup);
    const raced = await fail(lookup);
    expect(seen(raced)).toEqual(seen(plain));
    expect(lines(raced)).toBeLessThanOrEqual(lines(plain));
  });
});

it('has the record of its race out of sight', async () => {
  const raced = (await registered(() => ways['net.connect']!(giving(REFUSING.slice(0, 2))))) as AggregateError;
  const { connectionError } = raced as AggregateError & { readonly connectionError: ConnectionError };
  expect(connectionError).toBeInstanceOf(ConnectionError);
  expect(connectionError).toMatchObject({ host: HOST, port, reason: 'attempts', attempts: [{}, {}] });
  expect(connectionError.errors).toEqual(raced.errors);
  expect(Object.keys(raced)).not.toContain('connectionError');
});

it('fails as plain Node does where a name has no address', async () => {
  const fail = async () => {
    const [error, ...others] = await new Promise<unknown[]>((resolve) =>
      net
        .connect({ host: 'name.invalid', port })
        .on('lookup', (...told) => {
          resolve(told);
        })
        .on('error', () => undefined),
    );
    return [seen(error), ...others];
  };
  const plain = await fail();
  expect(await registered(fail)).toEqual(plain);
});

it('passes on the error of a look-up of the program’s own, frozen or not', async () => {
  const error = Object.freeze(new Error('no'));
  const lookup: net.LookupFunction = (_host, _options, callback) => {
    callback(error, []);
  };
  expect(await registered(() => ways['net.connect']!(lookup))).toBe(error);
});

describe('where time is over', () => {
  const silent = () => open(blackhole(SILENT, port));

  it.each([
    ['connectTimeout', { connectTimeout: 60, connectionAttemptDelay: 10 }],
    ['attemptTimeout', { attemptTimeout: 40, connectionAttemptDelay: 10 }],
  ])('says so of each address that was silent: %s', async (_name, options) => {
    await silent();
    const raced = await registered(() => ways['net.connect']!(giving([SILENT, REFUSING[0]!])), options);
    expect(seen(raced)).toMatchObject({
      name: 'AggregateError',
      code: 'ETIMEDOUT',
      errors: [
        {
          message: `connect ETIMEDOUT ${SILENT}:${port}`,
          code: 'ETIMEDOUT',
          errno: -110,
          syscall: 'connect',
          address: SILENT,
          port,
        },
        { message: `connect ECONNREFUSED ${REFUSING[0]}:${port}`, code: 'ECONNREFUSED', address: REFUSING[0], port },
      ],
    });
  });

  it('is one error where one address was tried', async () => {
    await silent();
    const raced = await registered(() => ways['net.connect']!(giving([SILENT])), { connectTimeout: 30 });
    expect(raced).toMatchObject({
      name: 'Error',
      message: `connect ETIMEDOUT ${SILENT}:${port}`,
      code: 'ETIMEDOUT',
      errno: -110,
    });
  });

  it('names the host where no address was known', async () => {
    const never: net.LookupFunction = () => undefined;
    const raced = nativeError(await failure({ lookup: never, connectTimeout: 30 }));
    expect(raced).toMatchObject({ message: `connect ETIMEDOUT ${HOST}:${port}`, code: 'ETIMEDOUT', syscall: 'connect' });
  });
});

/** The error of a race. */
async function failure({ lookup, ...options }: { lookup?: net.LookupFunction } & Parameters<typeof connect>[2]) {
  const { NEVER } = await import('rxjs');
  return connect(HOST, port, { ...options, ...(lookup && { resolver: () => NEVER }) }).catch((error: unknown) => error);
}

it('is printed in no more lines than plain Node’s, which begin as those do', async () => {
  const program = `
    import net from 'node:net';
    import { inspect } from 'node:util';
    import { connect, staticResolver } from './dist/index.mjs';
    const addresses = ${JSON.stringify(REFUSING.slice(0, 2))};
    const where = { host: 'x.example', port: ${port}, lookup: (host, options, found) =>
      found(null, addresses.map((address) => ({ address, family: 4 }))) };
    const shown = () => new Promise((resolve) => net.connect(where).on('error', (error) => resolve(inspect(error).split('\\n'))));
    const plain = await shown();
    await import('./dist/register.mjs');
    const raced = await shown();
    const own = await connect('x.example', ${port}, { resolver: staticResolver(addresses) }).catch((error) => inspect(error).split('\\n'));
    console.log(JSON.stringify({ plain, raced, own }));`;
  const { stdout } = await runNode('--input-type=module', '-e', program).ended;
  const { plain, raced, own } = JSON.parse(stdout) as Record<'plain' | 'raced' | 'own', string[]>;
  const withoutFrames = (shown: readonly string[]) =>
    shown.filter((line) => !line.includes('    at ')).map((line) => line.trim());
  expect(raced[0]).toBe(plain[0]);
  expect(withoutFrames(raced)).toHaveLength(withoutFrames(plain).length);
  expect(raced.length).toBeLessThanOrEqual(plain.length);
  expect(own.length).toBeLessThanOrEqual(plain.length);
});

describe('a ConnectionError', () => {
  it.each([1, 2, 5])('is printed with one line for each of %i addresses', async (count) => {
    const addresses = REFUSING.slice(0, count);
    const error = (await failure({ resolver: staticResolver(addresses) })) as ConnectionError;
    const text = inspect(error);
    expect(text.startsWith(error.stack!)).toBe(true);
    expect(text.split('connect ECONNREFUSED')).toHaveLength(count + 1);
    for (const part of ['host', 'port', 'code', 'reason', 'preferredFamily']) expect(text).toContain(`  ${part}: `);
    expect(text).not.toContain('attempts:');
    expect(error).toHaveProperty('attempts.length', count);
  });

  it('is printed with what a program has added to it, and within objects by its name', async () => {
    const error = (await failure({ resolver: staticResolver(REFUSING) })) as ConnectionError;
    expect(inspect(Object.assign(error, { job: 42 }))).toContain('job: 42');
    expect(inspect({ a: { b: { c: { error } } } })).toContain('[Object]');
    expect(inspect([[[error]]], { depth: 2 })).toContain('[ConnectionError]');
    class Own extends ConnectionError {}
    const { host, preferredFamily } = error;
    const ofOwn = new Own({ host, port, preferredFamily, timedOut: false, endedAt: 0, events: [] });
    expect(inspect(ofOwn)).toMatch(/^Own/);
  });
});
