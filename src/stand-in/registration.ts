import { Socket } from 'node:net';
import { debug } from '../observe/debug.js';
import { connectArguments, hasConnection } from './connect-arguments.js';
import { connectByRace } from './connect-by-race.js';
import { racing, type Racing, type StandInOptions } from './racing.js';

/** The one registration of a process, whichever copy of this package made it. */
interface Registration {
  /** Connects a socket; that of the latest copy. Absent: sockets connect as ever. */
  connect?: (socket: Socket, given: readonly unknown[]) => Socket;
  readonly original: Socket['connect'];
  readonly patched: Socket['connect'];
}

const KEY = Symbol.for('rx-happy-eyeballs.registration');
/**
 * The class that is patched holds its registration, so that each copy of this package finds that of the others: Jest loads one for
 * each file of specs, in a realm of its own.
 */
const shared = Socket as { [KEY]?: Registration };

/**
 * Lets every socket of this process that connects to a host name do so by a race: those of `net`, `tls`, `http`, `https`, `http2`,
 * of `fetch`, and of all libraries that are made of them. Replaces `net.Socket.prototype.connect`, once, and nothing else.
 *
 * Called again, by this copy of the package or another, it puts other options in place of those before.
 *
 * @returns ends it: sockets connect as ever from then on; races under way go on
 * @throws TypeError, RangeError for options that make no sense
 */
export function register(options: StandInOptions = {}): () => void {
  const races = racing(options);
  const registration = (shared[KEY] ??= patch());
  // Where somebody has put back what was there before.
  if (Reflect.get(Socket.prototype, 'connect') === registration.original) Socket.prototype.connect = registration.patched;
  const own = (socket: Socket, given: readonly unknown[]) => connect(socket, given, races, registration.original);
  registration.connect = own;
  return () => {
    if (registration.connect !== own) return;
    delete registration.connect;
    unpatch(registration);
  };
}

function patch(): Registration {
  const original = Reflect.get(Socket.prototype, 'connect');
  if (!isNodesOwn(original)) debug('net.Socket.prototype.connect is not Node’s own: something else has replaced it before');
  // It may outlive its realm, and uses nothing of it.
  const patched = function (this: Socket, ...given: unknown[]): Socket {
    return registration.connect ? registration.connect(this, given) : original.apply(this, given as never);
  };
  const registration: Registration = { original, patched };
  Socket.prototype.connect = registration.patched;
  return registration;
}

function connect(socket: Socket, given: readonly unknown[], races: Racing, original: Socket['connect']): Socket {
  if (hasConnection(socket)) return Reflect.apply(original, socket, given) as Socket;
  const [destination, listener] = connectArguments(given);
  return connectByRace((changed) => Reflect.apply(original, socket, [changed, listener]) as Socket, destination, races);
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
