import type { Socket } from 'node:net';
import { Subscription } from 'rxjs';
import type { IdleWatch } from './idle.js';
import { intakeOf, type Intake, type Taker } from './intake.js';

/** When one side is reset: how long pending data may take to reach the other side, in ms. */
const LAST_WRITES = 1000;

/**
 * Passes bytes on between two sockets.
 *
 * - Neither side is read faster than the other is written to.
 * - When one direction ends, the other stays open.
 * - When one side is reset, the other is reset too, after everything received before has been written.
 *
 * @returns destroys `upstream` when unsubscribed; closed when `upstream` has closed
 */
export function relay(client: Socket, upstream: Socket, idle: IdleWatch, broke: (error: Error) => void): Subscription {
  const relaying = new Subscription(() => upstream.destroy());
  const over = () => {
    client.destroy();
    upstream.destroy();
  };
  for (const [from, to] of [
    [client, upstream],
    [upstream, client],
  ] as const) {
    from.on('error', broke).on('close', (hadError) => {
      if (hadError) reset(to);
      else if (!from.readableEnded || !from.writableFinished) to.destroy();
    });
    const intake = intakeOf(from);
    if (intake) pass(from, intake, to);
    else from.pipe(to);
  }
  relaying.add(idle.watch([client, upstream], over));
  upstream.once('close', () => relaying.unsubscribe());
  return relaying;
}

/** Works as `from.pipe(to)`. Reading stops while two chunks wait to be written. */
function pass(from: Socket, intake: Intake, to: Socket): void {
  let pending = 0;
  let isStopped = false;
  const written = () => {
    pending--;
    if (!isStopped || pending > 1) return;
    isStopped = false;
    from.resume();
  };
  const take: Taker = (bytes) => {
    if (!to.writable) return 'free';
    pending++;
    to.write(bytes, written);
    if (to.writableLength === 0) return 'free';
    isStopped = pending > 1;
    return isStopped ? 'full' : 'kept';
  };
  from.once('end', () => to.end());
  const goesOn = intake.begin(take);
  if (from.readableEnded) to.end();
  else if (goesOn) from.resume();
}

/** Resets a connection. */
function reset(socket: Socket): void {
  if (socket.destroyed) return;
  if (socket.writableLength === 0) {
    socket.resetAndDestroy();
    return;
  }
  const timer = setTimeout(() => socket.resetAndDestroy(), LAST_WRITES);
  socket.once('drain', () => socket.resetAndDestroy()).once('close', () => clearTimeout(timer));
}
