import type { Socket } from 'node:net';
import { Subscription } from 'rxjs';
import type { IdleWatch } from './idle.js';
import { intakeOf, type Intake, type Taker } from './intake.js';

/** ms for what is still to be written to a side whose other side was reset. */
const LAST_WRITES = 1000;

/**
 * Passes bytes on between two sockets that are half open where they must be.
 *
 * - Neither side is read faster than the other is written to.
 * - The end of one direction ends that direction alone.
 * - A side that is reset resets the other, when what was received before has been written.
 *
 * @returns destroys `upstream` when it is unsubscribed; it is closed when `upstream` is
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

/** As `from.pipe(to)`: no more is read than two pieces that the system has not taken. */
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

/** Ends a connection as a broken one. */
function reset(socket: Socket): void {
  if (socket.destroyed) return;
  if (socket.writableLength === 0) {
    socket.resetAndDestroy();
    return;
  }
  const timer = setTimeout(() => socket.resetAndDestroy(), LAST_WRITES);
  socket.once('drain', () => socket.resetAndDestroy()).once('close', () => clearTimeout(timer));
}
