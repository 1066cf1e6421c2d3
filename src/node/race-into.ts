import { Socket } from 'node:net';
import { Subscription, type Observable } from 'rxjs';
import { ConnectionError, toError } from '../core/errors.js';
import type { Connected, RaceEvent } from '../core/events.js';

/** A race for a socket that waits: the sockets of its attempts have to come from the factory. */
export type RaceForSocket = (socketFactory: () => Socket) => Observable<RaceEvent<Socket>>;

/**
 * Gives a socket that is connecting, and whose look-up is never answered, the winner of a race, so that it never knows: it emits `lookup`,
 * `connectionAttempt`, `connectionAttemptFailed`, `connect` and `ready` as Node does, and fails as Node does. The race ends
 * with the socket: when that is destroyed, whoever does it.
 *
 * @param settle gives the socket the winner
 */
export function raceInto(socket: Socket, host: string, race: RaceForSocket, settle: (winner: Connected<Socket>) => void): void {
  const racing = new Subscription();
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
        for (const address of event.answer.addresses)
          socket.emit('lookup', null, address, event.answer.type === 'A' ? 4 : 6, host);
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
  racing.add(race(pausedSocket).subscribe({ next: report, error: failed }));
}

/** So that nothing of what the server sends at once is read before the socket has another owner. */
function pausedSocket(): Socket {
  return new Socket().pause();
}

/** What Node would say: where one thing alone has failed, its own error. */
function nativeError(thrown: unknown): Error {
  if (!(thrown instanceof ConnectionError)) return toError(thrown);
  const { reason, attempts, cause } = thrown;
  const alone = reason === 'resolution' || (reason === 'attempts' && attempts.length === 1);
  return alone && cause instanceof Error ? cause : thrown;
}
