import dns from 'node:dns';
import { once } from 'node:events';
import net from 'node:net';
import { getSystemErrorMap } from 'node:util';
import { errnoOf, nothingFound, systemError, withShortStack } from '../../src/stand-in/system-error.js';
import { tcpServer } from '../support/fixtures.js';

const HOST = '127.0.0.1';

/** What a program sees of an error. */
const seen = (error: Error) => ({ ...(error as object), keys: Object.keys(error), message: error.message, name: error.name });

const errorOf = async (socket: net.Socket) => ((await once(socket, 'error')) as [Error])[0];

describe('the error of a system call is the same as Node’s own', () => {
  it('for a connection that is refused', async () => {
    const { port, close } = await tcpServer(HOST, 0);
    await close();
    const native = await errorOf(net.connect({ host: HOST, port }));
    expect(seen(systemError(errnoOf('ECONNREFUSED'), 'connect', HOST, port))).toEqual(seen(native));
  });

  it.each([0, 7])('for a local end that the machine lacks, with port %i', async (localPort) => {
    const localAddress = '192.0.2.1';
    const native = await errorOf(net.connect({ host: HOST, port: 1, localAddress, localPort }));
    expect(seen(systemError(errnoOf('EADDRNOTAVAIL'), 'bind', localAddress, localPort))).toEqual(seen(native));
  });

  it('for a connection that fails at once, with its local end', async () => {
    let answered!: (error: null, address: string, family: number) => void;
    const lookup: net.LookupFunction = (_host, _options, callback) => (answered = callback);
    const socket = net.connect({ host: 'some.example', port: 1, lookup, localAddress: HOST, autoSelectFamily: false });
    const failed = errorOf(socket);
    const errno = errnoOf('ENETUNREACH');
    const handle = (socket as unknown as { _handle: { connect: unknown; getsockname: (end: { port?: number }) => void } })
      ._handle;
    const end: { port?: number } = {};
    handle.connect = () => {
      handle.getsockname(end);
      return errno;
    };
    answered(null, '192.0.2.1', 4);
    const native = await failed;
    expect(native.message).toContain(' - Local (');
    expect(seen(systemError(errno, 'connect', '192.0.2.1', 1, `${HOST}:${end.port}`))).toEqual(seen(native));
  });

  it('for a host without addresses', async () => {
    // A label this long is refused without a query.
    const host = `${'x'.repeat(64)}.invalid`;
    const native = await new Promise<Error>((resolve) => {
      dns.lookup(host, (error) => {
        resolve(error!);
      });
    });
    expect(seen(nothingFound(host))).toEqual(seen(native));
  });
});

it('an error number is that of its code', () => {
  for (const [errno, [code]] of getSystemErrorMap()) expect([code, errnoOf(code)]).toEqual([code, errno]);
});

describe('the stack of an error', () => {
  const { stackTraceLimit } = Error;
  afterEach(() => {
    Error.stackTraceLimit = stackTraceLimit;
  });
  const framesOf = (error: Error) => error.stack!.split('\n').length - 1;
  const made = () => withShortStack(() => new Error('made'));

  it('has one line, and the limit is as it was before', () => {
    Error.stackTraceLimit = 7;
    expect(framesOf(made())).toBe(1);
    expect(Error.stackTraceLimit).toBe(7);
  });

  it.each([1, 0])('has no more than the program’s limit: %i', (limit) => {
    Error.stackTraceLimit = limit;
    expect(framesOf(made())).toBe(limit);
    expect(Error.stackTraceLimit).toBe(limit);
  });

  it('leaves the limit as it was where creating the error fails', () => {
    Error.stackTraceLimit = 7;
    const thrown = new Error('thrown');
    const create = () => {
      throw thrown;
    };
    expect(() => withShortStack(create)).toThrow(thrown);
    expect(Error.stackTraceLimit).toBe(7);
  });

  it('is longer where a program has frozen the limit', () => {
    Error.stackTraceLimit = 7;
    const own = Object.getOwnPropertyDescriptor(Error, 'stackTraceLimit')!;
    Object.defineProperty(Error, 'stackTraceLimit', { ...own, writable: false });
    try {
      expect(framesOf(made())).toBe(7);
    } finally {
      Object.defineProperty(Error, 'stackTraceLimit', own);
    }
  });

  it('is not touched where a program has none', () => {
    Reflect.deleteProperty(Error, 'stackTraceLimit');
    made();
    expect('stackTraceLimit' in Error).toBe(false);
  });
});
