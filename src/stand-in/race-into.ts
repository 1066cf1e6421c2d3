import { AsyncResource } from 'node:async_hooks';
import { Socket, type SocketConstructorOpts } from 'node:net';
import { Subscription, type Observable } from 'rxjs';
import { ConnectionError } from '../core/race/connection-error.js';
import { toError } from '../core/error-tools.js';
import type { Connected, RaceEvent } from '../core/race/events.js';

/**
 * Node's own, or what was in its place when this was loaded. Attempts connect by this one: whoever replaces that of the prototype
 * later, to watch what a program connects to, is told of its sockets alone.
 */
const connect = Reflect.get(Socket.prototype, 'connect');

/** A race for a socket that waits: the sockets of its attempts have to come from the factory. */
export type RaceForSocket = (socketFactory: () => Socket) => Observable<RaceEvent<Socket>>;

/**
 * Gives a socket that is connecting, and whose look-up is never answered, the winner of a race, so that it never knows: it emits `lookup`,
 * `connectionAttempt`, `connectionAttemptFailed`, `connectionAttemptTimeout`, `connect` and `ready` as Node does, and fails as Node does. The race ends
 * with the socket: when that is destroyed, whoever does it.
 *
 * @param settle gives the socket the winner
 */
export function raceInto(socket: Socket, host: string, race: RaceForSocket, settle: (winner: Connected<Socket>) => void): void {
  const racing = new Subscription();
  // What the race does may follow from a timer, or from the query of another: the socket's events, and the handle that it is
  // given, belong to the context in which it was told to connect, so that an `AsyncLocalStorage` finds there what it should.
  const context = new AsyncResource('RACE');
  const destroy = Reflect.get(socket, '_destroy');
  const stop = () => {
    delete (socket as Partial<Pick<Socket, '_destroy'>>)._destroy;
    racing.unsubscribe();
  };
  socket._destroy = function (error, callback) {
    stop();
    destroy.call(this, error, callback);
  };

  const attempted: string[] = [];
  Object.assign(socket, { autoSelectFamilyAttemptedAddresses: attempted });
  const report = (event: RaceEvent<Socket>) => {
    switch (event.type) {
      case 'answered':
        // As after Node's look-ups, the time without activity begins anew.
        (socket as Socket & { _unrefTimer: () => void })._unrefTimer();
        for (const address of event.answer.addresses)
          if (!racing.closed) socket.emit('lookup', null, address, event.answer.type === 'A' ? 4 : 6, host);
        break;
      case 'started': {
        const { address, port, family } = event.endpoint;
        attempted.push(`${address}:${port}`);
        socket.emit('connectionAttempt', address, port, family);
        break;
      }
      case 'failed': {
        const { address, port, family } = event.endpoint;
        socket.emit('connectionAttemptFailed', address, port, family, event.error);
        break;
      }
      case 'cancelled': {
        const { address, port, family } = event.endpoint;
        if (event.error) socket.emit('connectionAttemptTimeout', address, port, family);
        break;
      }
      case 'connected':
        stop();
        settle(event);
        break;
      default: // nothing of Node's
    }
  };
  const failed = (thrown: unknown) => {
    const error = nativeError(thrown);
    if (thrown instanceof ConnectionError && thrown.reason === 'resolution')
      socket.emit('lookup', error, undefined, undefined, host);
    socket.destroy(error);
  };
  const within =
    <A, R>(work: (argument: A) => R) =>
    (argument: A) =>
      context.runInAsyncScope(work, undefined, argument);
  const socketFactory = () => {
    // Paused, so that nothing of what the server sends at once is read before the socket has another owner.
    const attempt = new Socket(ownBlockList(socket)).pause();
    return Object.assign(attempt, { connect: within((options) => Reflect.apply(connect, attempt, [options]) as Socket) });
  };
  racing.add(race(socketFactory).subscribe({ next: within(report), error: within(failed) }));
}

/** From Node 22 on a socket may have a list of addresses that it must not connect to. */
function ownBlockList(socket: Socket): SocketConstructorOpts {
  const { blockList } = socket as { blockList?: unknown };
  return { blockList } as SocketConstructorOpts;
}

/** What Node would say: where one thing alone has failed, its own error. */
function nativeError(thrown: unknown): Error {
  if (!(thrown instanceof ConnectionError)) return toError(thrown);
  const { reason, attempts, cause } = thrown;
  const alone = reason === 'resolution' || (reason === 'attempts' && attempts.length === 1);
  return alone && cause instanceof Error ? cause : thrown;
}
