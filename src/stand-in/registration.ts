import { Socket } from 'node:net';
import { debug } from '../observe/debug.js';
import { connectArguments, hasConnection } from './connect-arguments.js';
import { connectByRace } from './connect-by-race.js';
import { racing, type Racing, type StandInOptions } from './racing.js';

/** The one registration of a process, whichever copy of this package made it. */
interface Registration {
  /** Races for the sockets of the process; absent: they connect as ever. */
  racing?: Racing;
  readonly original: Socket['connect'];
  readonly patched: Socket['connect'];
}

const KEY = Symbol.for('rx-happy-eyeballs.registration');
const shared = globalThis as { [KEY]?: Registration };

/**
 * Lets every socket of this process that connects to a host name do so by a race: those of `net`, `tls`, `http`, `https`, `http2`,
 * of `fetch`, and of all libraries that are made of them. Those for TLS race for a finished handshake. Replaces `net.Socket.prototype.connect`, once, and nothing else.
 *
 * Called again, by this copy of the package or another, it puts other options in place of those before.
 *
 * @returns ends it: sockets connect as ever from then on; races under way go on
 * @throws TypeError, RangeError for options that make no sense
 */
export function register(options: StandInOptions = {}): () => void {
  const own = racing(options);
  const registration = (shared[KEY] ??= patch());
  // Where somebody has put back what was there before.
  if (Reflect.get(Socket.prototype, 'connect') === registration.original) Socket.prototype.connect = registration.patched;
  registration.racing = own;
  return () => {
    if (registration.racing !== own) return;
    delete registration.racing;
    unpatch(registration);
  };
}

function patch(): Registration {
  const original = Reflect.get(Socket.prototype, 'connect');
  if (!isNodesOwn(original)) debug('net.Socket.prototype.connect is not Node’s own: something else has replaced it before');
  const patched = function (this: Socket, ...given: unknown[]): Socket {
    const { racing: current } = registration;
    if (!current || hasConnection(this)) return Reflect.apply(original, this, given) as Socket;
    const [destination, listener] = connectArguments(given);
    return connectByRace((changed) => Reflect.apply(original, this, [changed, listener]) as Socket, destination, current);
  };
  const registration: Registration = { original, patched };
  Socket.prototype.connect = registration.patched;
  return registration;
}

/** Puts Node's own back, unless somebody has put another in place of ours, which then calls ours in vain. */
function unpatch({ original, patched }: Registration): void {
  if (Socket.prototype.connect !== patched) return;
  Socket.prototype.connect = original;
  Reflect.deleteProperty(shared, KEY);
}

function isNodesOwn(connect: Socket['connect']): boolean {
  return Function.prototype.toString.call(connect).includes('normalizedArgsSymbol');
}
