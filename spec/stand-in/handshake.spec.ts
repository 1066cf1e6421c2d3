import type net from 'node:net';
import tls, { type TLSSocket } from 'node:tls';
import { HandleCalls } from '../../src/stand-in/handle-calls.js';
import { Handshake } from '../../src/stand-in/handshake.js';
import { errnoOf } from '../../src/stand-in/system-error.js';
import { securable, type InnerTlsSocket, type Securable, type TlsHandle } from '../../src/stand-in/tls-internals.js';
import { HOST, keep } from '../support/tls-clients.js';

const inside = (socket: object) => socket as unknown as InnerTlsSocket & net.Socket;

/** A TLS socket that is connecting, what a race needs of it, and a handshake on its handle or on another. */
function create({ isOwn = true, options = {}, prepare = (_: TLSSocket): unknown => undefined } = {}) {
  const socket = keep(tls.connect({ host: HOST, port: 1, lookup: () => undefined, ...options }));
  socket.on('error', () => undefined);
  prepare(socket);
  const found = securable(socket)!;
  const listeners = { secured: jest.fn(), ended: jest.fn() };
  const identify = jest.fn<Error | undefined, [string, unknown]>();
  const of: Securable = { ...found, listeners, options: { ...found.options, checkServerIdentity: identify } };
  const calls = new HandleCalls();
  const repeat = jest.spyOn(calls, 'repeat').mockImplementation(() => undefined);
  const handshake = new Handshake(of, isOwn, calls);
  const { handle } = handshake;
  const stubs = { start: jest.fn(), readStart: jest.fn(() => 0), requestOCSP: jest.fn() };
  Object.assign(handle, stubs);
  const ended = jest.fn();
  const { owner } = of.internals;
  const self = inside(socket);
  const finishInit = jest.fn();
  Object.assign(self, { _finishInit: finishInit });
  const ownerNow = () => (isOwn ? handle[owner] : [handle[owner], (handle._parent as TlsHandle)[owner]]);
  const deputy = () => inside(handle[owner] as object);
  return {
    socket,
    self,
    of,
    identify,
    listeners,
    calls,
    repeat,
    handshake,
    handle,
    ...stubs,
    ended,
    finishInit,
    ownerNow,
    deputy,
  };
}

const begun = (given: Parameters<typeof create>[0] = {}) => {
  const made = create(given);
  made.handshake.start(made.ended);
  return { ...made, deputy: made.deputy() };
};

describe('a handshake', () => {
  it('uses the handle of its socket, or one of its own with the same calls', () => {
    const own = create();
    expect(own.handle).toBe(own.self._handle);
    expect(own.repeat).not.toHaveBeenCalled();
    const other = create({ isOwn: false });
    expect(other.handle).not.toBe(other.self._handle);
    expect(other.repeat.mock.calls).toEqual([[other.handle]]);
  });

  it.each([true, false])('starts, and reads what comes, for its deputy: own %p', (isOwn) => {
    const { handshake, handle, start, readStart, requestOCSP, ended, self, ownerNow, socket, of } = create({ isOwn });
    expect(handshake.isStarted).toBe(false);
    handle.reading = false;
    const { owner } = of.internals;
    const before = (handle._parent as TlsHandle)[owner];
    handshake.start(ended);
    expect(handshake.isStarted).toBe(true);
    if (isOwn) expect((handle._parent as TlsHandle)[owner]).toBe(before);
    expect([start, readStart, requestOCSP].map(({ mock }) => mock.calls.length)).toEqual([1, 1, 0]);
    expect(handle.reading).toBe(true);
    for (const owner of [ownerNow()].flat()) {
      expect(owner).not.toBe(socket);
      expect(Object.getPrototypeOf(owner)).toBe(self);
    }
    expect(ended).not.toHaveBeenCalled();
  });

  it('asks for the OCSP response if its socket does', () => {
    expect(begun({ options: { requestOCSP: true } }).requestOCSP).toHaveBeenCalledTimes(1);
  });

  it('fails where nothing can be read, with Node’s error', () => {
    const { handshake, readStart, ended } = create();
    readStart.mockReturnValue(errnoOf('ENOTCONN'));
    handshake.start(ended);
    expect(ended.mock.calls).toEqual([[expect.objectContaining({ code: 'ENOTCONN', message: 'read ENOTCONN' })]]);
  });

  it('is complete once the certificate is verified', () => {
    const { handle, deputy, ended, finishInit, listeners } = begun();
    handle.onhandshakedone();
    expect([finishInit.mock.calls.length, ended.mock.calls.length]).toEqual([1, 0]);
    expect(finishInit.mock.contexts).toEqual([deputy]);
    finishInit.mockImplementationOnce(() => {
      deputy.emit('secure');
      deputy.emit('secureConnect');
    });
    handle.onhandshakedone();
    expect(listeners.secured.mock.contexts).toEqual([deputy]);
    expect(ended.mock.calls).toEqual([[]]);
  });

  it.each<[string, (deputy: net.Socket) => unknown, object]>([
    ['an error', (deputy) => deputy.destroy(new Error('no TLS')), { message: 'no TLS' }],
    ['an error that was emitted before', (deputy) => deputy.emit('error', new Error('before')), { message: 'before' }],
    ['no error', () => undefined, { code: 'ECONNABORTED', message: expect.stringContaining('closed before') as string }],
  ])('fails where Node destroys its deputy with %s, and not its socket', (_what, prepare, expected) => {
    const { deputy, ended, socket } = begun();
    prepare(deputy);
    expect(deputy.destroy()).toBe(deputy);
    const errors = ended.mock.calls.map(([error]) => error as Error);
    for (const error of errors) expect(error).toMatchObject(expected);
    expect(new Set(errors).size).toBe(1);
    expect(socket.destroyed).toBe(false);
  });

  it('may be destroyed before it has started', () => {
    const { deputy, ended } = create({ isOwn: false });
    expect(() => deputy().destroy()).not.toThrow();
    expect(ended).not.toHaveBeenCalled();
  });

  it('keeps to itself what its deputy does: no listener, no event, nothing read', () => {
    const { deputy, socket } = begun();
    const before = socket.listenerCount('secure');
    const heard = jest.fn();
    for (const name of ['on', 'addListener', 'prependListener', 'once', 'off', 'removeListener'] as const)
      expect((deputy as net.Socket)[name as 'on']('secure', heard)).toBe(deputy);
    expect(socket.listenerCount('secure')).toBe(before);
    socket.on('secureConnect', heard).on('session', heard).on('keylog', heard);
    for (const name of ['secureConnect', 'session', 'keylog', 'unknown']) expect(deputy.emit(name)).toBe(true);
    expect(heard).not.toHaveBeenCalled();
    expect(deputy.read()).toBeNull();
    Object.assign(socket, { _hadError: true, _secureEstablished: true });
    expect(deputy).toMatchObject({ _hadError: false, _secureEstablished: false });
  });

  it('ends early where its connection does', () => {
    const { deputy, listeners, self, socket } = begun();
    const push = jest.spyOn(socket, 'push');
    expect(deputy.push(null)).toBe(true);
    expect(listeners.ended.mock.contexts).toEqual([deputy]);
    deputy.emit('secureConnect');
    expect(deputy.push(null)).toBe(true);
    expect(listeners.ended).toHaveBeenCalledTimes(1);
    expect([push.mock.calls, self.destroyed]).toEqual([[], false]);
  });
});

describe('a handle that is created for a handshake', () => {
  it('has the context of its socket, and belongs to its deputy', () => {
    const { handle, self, of, deputy } = create({ isOwn: false });
    const { context } = self._handle!._secureContext;
    expect(handle._secureContext).toEqual({ context });
    expect(handle.onread).toBe(self._handle!.onread);
    const one = deputy();
    expect([one._handle, one.ssl]).toEqual([handle, handle]);
    expect(one).not.toBe(self);
    expect(handle[of.internals.owner]).toBe(one);
  });

  it('is closed with it', () => {
    const { handshake, handle } = create({ isOwn: false });
    const close = jest.spyOn(handle, 'close' as never) as unknown as jest.SpyInstance;
    handshake.close();
    expect(close).toHaveBeenCalledTimes(1);
  });

  it.each<[string, 'enableTrace' | 'enableKeylogCallback' | 'enableSessionCallbacks', object, string]>([
    ['tracing', 'enableTrace', { enableTrace: true }, ''],
    ['keys', 'enableKeylogCallback', {}, 'keylog'],
    ['sessions', 'enableSessionCallbacks', {}, 'session'],
  ])('tells of %s if that of its socket does', (_what, method, options, event) => {
    const counts = [false, true].map((isOn) => {
      let enable!: jest.SpyInstance;
      const prepare = (socket: TLSSocket) => {
        if (isOn && event) socket.on(event, () => undefined);
        const prototype = Object.getPrototypeOf(inside(socket)._handle) as TlsHandle;
        enable = jest.spyOn(prototype, method).mockImplementation(() => undefined);
      };
      create({ isOwn: false, options: isOn ? options : {}, prepare });
      const { length } = enable.mock.calls;
      enable.mockRestore();
      return length;
    });
    expect(counts[0]).toBe(0);
    expect(counts[1]).toBeGreaterThanOrEqual(1);
  });
});

describe('a handshake that is given back', () => {
  it.each([true, false])('goes on as its socket’s: own handle %p', (isOwn) => {
    const { handshake, handle, finishInit, ownerNow, socket, self, ended } = begun({ isOwn });
    handshake.giveBack();
    for (const owner of [ownerNow()].flat()) expect(owner).toBe(socket);
    handle.onhandshakedone();
    expect(finishInit.mock.contexts).toEqual([self]);
    expect(ended).not.toHaveBeenCalled();
  });

  it('leaves the handle of a socket alone if it has not started', () => {
    const { handshake, handle } = create();
    const { onhandshakedone } = handle;
    handshake.giveBack();
    expect(handle.onhandshakedone).toBe(onhandshakedone);
  });

  it('gives another handle to its socket even if it has not started', () => {
    const { handshake, ownerNow, socket } = create({ isOwn: false });
    handshake.giveBack();
    expect(ownerNow()).toEqual([socket, socket]);
  });

  it('is not started again by Node, if it has been', () => {
    const [before, after] = [create(), begun()];
    for (const { handshake, handle } of [before, after]) handshake.whileConnecting(() => handle.start());
    expect(before.start).toHaveBeenCalledTimes(1);
    expect(after.start).toHaveBeenCalledTimes(1);
    expect(after.handle.start).toBe(after.start);
    expect(() => {
      after.handshake.whileConnecting(() => {
        throw new Error('thrown by a listener');
      });
    }).toThrow('thrown by a listener');
    expect(after.handle.start).toBe(after.start);
  });
});

describe('a handshake that is over', () => {
  it('replays to its socket what it has heard, and what was read', () => {
    const { handshake, deputy, socket } = begun();
    const heard: unknown[] = [];
    for (const name of ['keylog', 'OCSPResponse', 'session', 'secureConnect', 'other'])
      socket.on(name, (...given: unknown[]) => heard.push([name, ...given]));
    deputy.emit('keylog', 'line', 'socket');
    deputy.emit('OCSPResponse', 'response');
    deputy.emit('other', 'unknown');
    const push = jest.spyOn(socket, 'push').mockReturnValue(true);
    deputy.push('read');
    expect(push).not.toHaveBeenCalled();
    const emit = jest.spyOn(socket, 'emit');
    handshake.conclude();
    expect(emit.mock.calls.map(([name]) => name)).toEqual(['keylog', 'OCSPResponse']);
    expect(heard).toEqual([
      ['keylog', 'line', 'socket'],
      ['OCSPResponse', 'response'],
    ]);
    expect(push.mock.calls).toEqual([['read']]);
  });

  it('ends its replay where its socket ends', () => {
    for (const [count, event] of [
      [1, 'keylog'],
      [2, 'other'],
    ] as const) {
      const { handshake, deputy, socket, finishInit } = begun();
      let heard = 0;
      socket.on('keylog', () => heard++);
      socket.on(event, () => socket.destroy());
      deputy.emit('keylog', 'one');
      deputy.emit('keylog', 'two');
      deputy.emit('secureConnect');
      const push = jest.spyOn(socket, 'push').mockReturnValue(true);
      deputy.push('read');
      handshake.conclude();
      expect(heard).toBe(count);
      expect([finishInit.mock.calls.length, push.mock.calls.length]).toEqual(event === 'keylog' ? [0, 0] : [1, 1]);
    }
  });

  it('ends its replay where its socket has got another handle', () => {
    const { handshake, deputy, socket, self } = begun();
    const { _handle } = self;
    const push = jest.spyOn(socket, 'push').mockImplementation(() => {
      Object.assign(self, { _handle: {} });
      return true;
    });
    for (const chunk of ['one', 'two']) deputy.push(chunk);
    handshake.conclude();
    expect(push.mock.calls).toEqual([['one']]);
    handshake.conclude();
    expect(push.mock.calls).toEqual([['one']]);
    Object.assign(self, { _handle });
  });

  it('hands the session to its socket, which waits for the certificate', () => {
    const [none, heard, pending] = [begun(), begun(), begun()];
    const session = Buffer.from('session');
    heard.deputy.emit('session', session);
    expect([none.handshake.session, heard.handshake.session]).toEqual([undefined, session]);
    const { pendingSession } = pending.of.internals;
    pending.deputy[pendingSession] = session;
    const sessions = [none, heard, pending].map(({ self, handshake }) => {
      Object.assign(self, { [pendingSession]: null });
      handshake.conclude();
      return self[pendingSession];
    });
    expect(sessions).toEqual([null, session, session]);
  });

  it.each([undefined, new Error('another name')])('does not ask again whether the certificate is right: %p', (error) => {
    const { handshake, deputy, finishInit, identify, of } = begun();
    identify.mockReturnValue(error);
    const watched = deputy[of.internals.connectOptions] as { checkServerIdentity: typeof identify; servername?: string };
    expect(watched.checkServerIdentity(HOST, 'certificate')).toBe(error);
    expect(identify.mock.calls).toEqual([[HOST, 'certificate']]);
    expect(Object.keys(watched)).toEqual(expect.arrayContaining(Object.keys(of.options)));
    deputy.emit('secureConnect');
    let told: unknown = 'nothing';
    finishInit.mockImplementationOnce(() => {
      told = of.options.checkServerIdentity(HOST, undefined as never);
      expect(of.options.checkServerIdentity).toBe(identify);
    });
    handshake.conclude();
    expect(told).toBe(error);
    expect(identify).toHaveBeenCalledTimes(1);
    expect(of.options.checkServerIdentity).toBe(identify);
  });

  it('need not have asked, as where a session is resumed', () => {
    const { handshake, deputy, finishInit, identify, of } = begun();
    deputy.emit('secureConnect');
    let told: unknown = 'nothing';
    finishInit.mockImplementationOnce(() => {
      told = of.options.checkServerIdentity(HOST, undefined as never);
    });
    handshake.conclude();
    expect(told).toBeUndefined();
    expect(identify).not.toHaveBeenCalled();
  });

  it('lets the caller check the certificate again after an error in between', () => {
    const { handshake, deputy, finishInit, identify, of } = begun();
    deputy.emit('secureConnect');
    finishInit.mockImplementationOnce(() => {
      throw new Error('thrown by a listener');
    });
    expect(() => {
      handshake.conclude();
    }).toThrow('thrown by a listener');
    expect(of.options.checkServerIdentity).toBe(identify);
  });

  it('is not finished for its socket if it is not verified', () => {
    const { handshake, finishInit } = begun();
    handshake.conclude();
    expect(finishInit).not.toHaveBeenCalled();
  });

  it('leaves the state of a failure', () => {
    const { handshake, deputy, self } = begun();
    const state = { alpnProtocol: 'h2', servername: HOST, authorizationError: 'CERT_HAS_EXPIRED' };
    Object.assign(deputy, state, { other: 1 });
    handshake.conveyFailure();
    expect(self).toMatchObject(state);
    expect(self).not.toHaveProperty('other');
  });
});
