import { Socket, type ConnectOpts, type SocketConstructorOpts } from 'node:net';

/** Bytes read at a time: at first, and at most, by a connection that has filled less. */
const SMALLEST = 2048;
const LARGEST = 65_536;

/** By how much the memory grows when it is full, and the part of it that has to be left empty for it to shrink again. */
const GROWTH = 8;
const SPARSE = 4;

/**
 * Takes bytes, and tells whether it still needs their memory.
 *
 * - `free`: it does not
 * - `kept`: it does, and more may be read into other memory
 * - `full`: it does, and that of the bytes before as well: reading has to stop until those are free
 */
export type Taker = (bytes: Uint8Array) => 'free' | 'kept' | 'full';

/**
 * What a socket receives, read into the same memory over and over: new memory for each chunk, as streams have it, costs as much again as
 * passing the chunk on. There are two pieces of it, so that one is read into while the other is written.
 */
export class Intake {
  private memory: Uint8Array = Buffer.allocUnsafe(SMALLEST);
  private other?: Uint8Array;
  private taker?: Taker;
  /** What has come before there was a taker. */
  private early?: Uint8Array;

  /** The options of a socket that is read so. */
  readonly onread = {
    buffer: () => this.memory,
    callback: (length: number, memory: Uint8Array) => this.received(memory.subarray(0, length)),
  };

  /**
   * Begins to take, with what has come before.
   *
   * @returns whether reading may go on
   */
  begin(taker: Taker): boolean {
    this.taker = taker;
    const { early } = this;
    this.early = undefined;
    return !early || taker(early) !== 'full';
  }

  /** @returns false: reading stops */
  private received(bytes: Uint8Array): boolean {
    if (!this.taker) {
      this.early = Uint8Array.from(bytes);
      return false;
    }
    const taken = this.taker(bytes);
    this.prepare(taken === 'free', bytes.length);
    return taken !== 'full';
  }

  /** Chooses what is read into next. An idle connection holds little. */
  private prepare(isFree: boolean, length: number): void {
    const { memory, other } = this;
    const size = sizeAfter(memory.length, length);
    if (size !== memory.length) {
      this.memory = Buffer.allocUnsafe(size);
      this.other = undefined;
    } else if (!isFree) {
      this.memory = other ?? Buffer.allocUnsafe(size);
      this.other = memory;
    }
  }
}

function sizeAfter(size: number, length: number): number {
  if (length === size) return Math.min(size * GROWTH, LARGEST);
  return length * SPARSE < size ? SMALLEST : size;
}

const intakes = new WeakMap<Socket, Intake>();

/** Creates a socket that {@link Intake} reads: it emits no `data`. */
export function socketWithIntake(options: SocketConstructorOpts): Socket {
  const intake = new Intake();
  const all: SocketConstructorOpts & ConnectOpts = { ...options, onread: intake.onread };
  const socket = new Socket(all);
  intakes.set(socket, intake);
  return socket;
}

/** @returns `undefined` for a socket that is read as every stream is */
export function intakeOf(socket: Socket): Intake | undefined {
  return intakes.get(socket);
}
