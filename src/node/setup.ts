import { EventEmitter } from 'node:events';
import { defer, mergeMap, Observable, type ObservableInput } from 'rxjs';
import { formatEndpoint, type Endpoint } from '../core/race/endpoint.js';
import { codedError, toError } from '../core/error-tools.js';
import { realTime } from '../rx/real-time.js';
import { TerminalError, type Transport } from '../rx/transport.js';

/** A step after connecting that belongs to the attempt; its first value is the attempt's. */
export type Setup<C, T> = (connection: C, endpoint: Endpoint) => ObservableInput<T>;

/** What {@link prepared} goes by. */
export interface Preparation<C, T> {
  readonly setup: Setup<C, T>;
  /** Whether an error of the setup is to end the whole race. */
  readonly isTerminal: (error: Error) => boolean;
  /** Ends a connection whose setup has failed, or was cancelled. */
  readonly discard: (connection: C) => void;
  /** Is told of each connection whose setup has come to its value. */
  readonly done: (endpoint: Endpoint, connection: C) => void;
}

/**
 * A transport whose attempts are not over when they are connected: a setup step follows, whose first value takes the place of
 * the connection. It fails by an error, without a value, or when the connection breaks meanwhile; then, and when it is
 * cancelled, the connection is ended.
 */
export function prepared<C, T>(transport: Transport<C>, preparation: Preparation<C, T>): Transport<T> {
  return (endpoint, progressed) =>
    transport(endpoint, progressed).pipe(
      mergeMap((connection) => prepare(connection, preparation, endpoint, () => progressed?.('setup'))),
    );
}

function prepare<C, T>(
  connection: C,
  { setup, isTerminal, discard, done }: Preparation<C, T>,
  endpoint: Endpoint,
  begun: () => void,
): Observable<T> {
  return new Observable((subscriber) => {
    let held = true;
    subscriber.add(() => {
      if (held) discard(connection);
    });
    const failed = (thrown: unknown) => {
      subscriber.error(judged(toError(thrown), isTerminal));
    };
    const unwatch = watch(connection, failed, () => {
      failed(codedError('ECONNRESET', `${formatEndpoint(endpoint)} closed the connection during its setup`));
    });

    begun();
    if (subscriber.closed) return;
    const setup$ = defer(() => setup(connection, endpoint));
    subscriber.add(
      setup$.subscribe({
        next: (value) => {
          // It may have failed within this very turn, and its error be still to come: who gets it could not listen in time.
          const { errored } = (connection ?? {}) as { errored?: unknown };
          if (errored) {
            failed(errored);
            return;
          }
          unwatch();
          held = false;
          done(endpoint, connection);
          subscriber.next(value);
          subscriber.complete();
        },
        error: failed,
        complete: () => {
          failed(codedError('ECONNABORTED', 'the setup completed without a value'));
        },
      }),
    );
  });
}

function judged(error: Error, isTerminal: (error: Error) => boolean): Error | TerminalError {
  try {
    return isTerminal(error) ? new TerminalError(error) : error;
  } catch (mistake) {
    return toError(mistake);
  }
}

/**
 * Watches a connection for its end while others use it: its errors at once, its closing after those who wait for it as well
 * have had their turn. The listener of errors stays on a connection that has failed.
 *
 * @returns stops watching
 */
function watch(connection: unknown, failed: (error: unknown) => void, closed: () => void): () => void {
  if (!(connection instanceof EventEmitter)) return () => undefined;
  let turn: NodeJS.Immediate | undefined;
  const onClose = () => {
    turn = realTime().setImmediate(closed);
  };
  connection.on('error', failed).once('close', onClose);
  return () => {
    realTime().clearImmediate(turn);
    connection.off('error', failed).off('close', onClose);
  };
}
