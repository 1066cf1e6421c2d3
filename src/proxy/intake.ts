import { Socket } from 'node:net';
import type { SocketOptions } from '../index.js';

/** The size of a buffer in bytes: at first and after sparse reads, and at most. */
const SMALLEST = 2048;
const LARGEST = 65_536;

/** A full buffer grows by this factor, and one of which less than this part was filled shrinks again. */
const GROWTH = 8;
const SPARSE = 4;

/**
 * Takes bytes and returns the state of their memory:
 *
 * - `free`: it can be reused
 * - `kept`: it is still needed; the next bytes go into other memory
 * - `full`: it is still needed, and so is the memory of the bytes before; reading has to stop
 */
export type Taker = (bytes: Uint8Array) => 'free' | 'kept' | 'full';

/** How many intakes of closed sockets are kept for new ones. */
const MOST_SPARE = 256;

/**
 * Reads a socket into two buffers in turn: one is filled while the other is written. A stream allocates memory for each chunk, which
 * costs as much as passing the chunk on.
 *
 * An intake reads one socket after another. With new memory for each connection, V8 of Node 26 collects all garbage five times as often.
 */
export class Intake {
  private static readonly spare: Intake[] = [];

  /** Not from Node's pool, of which a spare intake would keep 64 KB. */
  private memory: Uint8Array = Buffer.allocUnsafeSlow(SMALLEST);
  private other?: Uint8Array;
  private taker?: Taker;
  /** Bytes received before `begin`. */
  private early?: Uint8Array;

  /** The option `onread` of the socket. */
  readonly onread = {
    buffer: () => this.memory,
    callback: (length: number, memory: Uint8Array) => this.received(memory.subarray(0, length)),
  };

  /** Returns an intake for a new socket. */
  static next(): Intake {
    return Intake.spare.pop() ?? new Intake();
  }

  /**
   * Hands the bytes received so far, and all later ones, to `taker`.
   *
   * @returns whether reading may go on
   */
  begin(taker: Taker): boolean {
    this.taker = taker;
    const { early } = this;
    this.early = undefined;
    return !early || taker(early) !== 'full';
  }

  /**
   * The socket has closed. Forgets the taker, and with it both sockets, which an intake among V8's old objects would keep until a full
   * collection.
   */
  end(): void {
    if (!this.taker) return;
    this.taker = undefined;
    // If there is another buffer, bytes may still wait in one of them to be written.
    const isFree = !this.other && this.memory.length === SMALLEST;
    if (isFree && Intake.spare.length < MOST_SPARE) Intake.spare.push(this);
  }

  /** @returns false to stop reading */
  private received(bytes: Uint8Array): boolean {
    if (!this.taker) {
      this.early = Uint8Array.from(bytes);
      return false;
    }
    const taken = this.taker(bytes);
    this.prepare(taken === 'free', bytes.length);
    return taken !== 'full';
  }

  /** Chooses the next buffer. An idle connection keeps a small one. */
  private prepare(isFree: boolean, length: number): void {
    const { memory, other } = this;
    const size = sizeAfter(memory.length, length);
    if (size !== memory.length) {
      this.memory = Buffer.allocUnsafeSlow(size);
      this.other = undefined;
    } else if (!isFree) {
      this.memory = other ?? Buffer.allocUnsafeSlow(size);
      this.other = memory;
    }
  }
}

function sizeAfter(size: number, length: number): number {
  if (length === size) return Math.min(size * GROWTH, LARGEST);
  return length * SPARSE < size ? SMALLEST : size;
}

/** A socket that is read by an {@link Intake}. It emits no `data` events. */
export class SocketWithIntake extends Socket {
  constructor(
    options: SocketOptions,
    readonly intake = Intake.next(),
  ) {
    const { allowHalfOpen, highWaterMark, noDelay, keepAlive, keepAliveInitialDelay } = options;
    const all = {
      onread: intake.onread,
      allowHalfOpen,
      highWaterMark,
      noDelay,
      keepAlive,
      keepAliveInitialDelay,
      // Node sets these in a copy of the options. On Node 20 that takes 10 µs if they are not there.
      emitClose: false,
      autoDestroy: true,
      decodeStrings: false,
    };
    super(all);
  }
}
