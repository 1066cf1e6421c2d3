import { Socket } from 'node:net';
import { revealReset } from './hidden-reset.js';
import { SocketWithIntake, type Intake, type Taker } from './intake.js';

/** When one side is reset: how long pending data may take to reach the other side, in ms. */
const LAST_WRITES = 1000;

/**
 * Passes bytes on between two sockets.
 *
 * - Neither side is read faster than the other is written to.
 * - When one direction ends, the other stays open.
 * - When one side is reset, the other is reset too, after everything received before has been written.
 */
export function relay(client: Socket, upstream: Socket): void {
  oneWay(client, upstream);
  oneWay(upstream, client);
}

function oneWay(from: Socket, to: Socket): void {
  const intake = from instanceof SocketWithIntake ? from.intake : undefined;
  from.on('close', (hadError) => {
    intake?.end();
    if (hadError) reset(to);
    // `passEnd` has closed a side that had not finished if the other one had ended.
    else if (!from.readableEnded || !(from.writableFinished || to.readableEnded)) to.destroy();
  });
  if (intake) passIntake(from, intake, to);
  else pass(from, to);
}

/** Works as `from.pipe(to)`, which adds twice as many listeners. */
function pass(from: Socket, to: Socket): void {
  from.on('data', (bytes: Uint8Array) => {
    if (to.writable && !to.write(bytes)) from.pause();
  });
  to.on('drain', () => from.resume());
  from.on('end', () => passEnd(from, to));
  if (from.readableEnded) passEnd(from, to);
  else from.resume();
}

/** Does the same for a socket with an {@link Intake}. Reading stops while two chunks wait to be written. */
function passIntake(from: Socket, intake: Intake, to: Socket): void {
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
  from.on('end', () => passEnd(from, to));
  const goesOn = intake.begin(take);
  if (from.readableEnded) passEnd(from, to);
  else if (goesOn) from.resume();
}

/** Ends a direction, unless it was reset. */
function passEnd(from: Socket, to: Socket): void {
  revealReset(from, (wasReset) => {
    if (wasReset) return;
    // If this is the last direction, closing sends the end as well, with one system call less.
    if (to.readableEnded && to.writableLength === 0 && isPlain(to)) to.destroy();
    else to.end();
  });
}

/** Whether the end of a socket is that of TCP alone. TLS and sockets of a caller's transport may have more to send. */
function isPlain(socket: Socket): boolean {
  return socket.constructor === Socket || socket instanceof SocketWithIntake;
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
