import { EventEmitter } from 'node:events';
import { defer, mergeMap, Observable, type ObservableInput } from 'rxjs';
import { formatEndpoint, type Endpoint } from '../core/race/endpoint.js';
import { codedError, toError } from '../core/error-tools.js';
import { realTime } from '../rx/real-time.js';
import { TerminalError, type Transport } from '../rx/transport.js';

/** A step after connecting that belongs to the attempt. Its first value becomes the attempt's. */
export type Setup<C, T> = (connection: C, endpoint: Endpoint) => ObservableInput<T>;

/** The options of {@link prepared}. */
export interface Preparation<C, T> {
  readonly setup: Setup<C, T>;
  /** Whether an error of the setup ends the whole race. */
  readonly isTerminal: (error: Error) => boolean;
  /** Ends a connection whose setup failed or was cancelled. */
  readonly discard: (connection: C) => void;
  /** Called with each connection whose setup has produced its value. */
  readonly done: (endpoint: Endpoint, connection: C) => void;
}

/**
 * Wraps a transport so that a setup step follows each connection. The step's first value replaces the connection. The attempt
 * fails if the step errors or completes without a value, or if the connection breaks meanwhile. The connection is then ended, as
 * it is if the attempt is cancelled.
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
          // It may have failed in this very turn, with its error event still to come. The receiver could not listen in time.
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
 * Watches a connection for its end while others use it. Errors are reported at once; closing is reported after other listeners
 * have had their turn. The error listener stays on a connection that has failed.
 *
 * @returns a function that stops watching
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
