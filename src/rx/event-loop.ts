/**
 * Handles events one at a time and in order, even if handling one raises others.
 *
 *     raise  a b        waits:  a b
 *     handle a                  b
 *       raise  c                b c        another event: after everything that waits
 *       follow d                d b c      d follows from a: before everything that waits
 *     handle d
 *
 * An event that is raised while no other is being handled is handled at once; otherwise it waits for its turn. No event is
 * handled within another, so a thousand failures in one call do not deepen the stack. Nothing is handled before the loop is
 * opened or after it is stopped.
 */
export class EventLoop<E> {
  private readonly waiting: E[] = [];
  /** Also true before the loop is opened. */
  private handling = true;
  private stopped = false;

  constructor(private readonly handle: (event: E) => void) {}

  /** Whether an event waits. */
  get isPending(): boolean {
    return this.waiting.length > 0;
  }

  /** For use as an observer: raises what a stream emits. */
  next(event: E): void {
    this.raise(event);
  }

  /** For use as an observer: the end of a stream is not an event. */
  complete(): void {
    // The last event was enough.
  }

  /** Queues an event after all that wait. */
  raise(event: E): void {
    if (this.stopped) return;
    this.waiting.push(event);
    if (!this.handling) this.open();
  }

  /** Queues a consequence of the present event before all that wait. */
  follow(event: E): void {
    if (this.stopped) return;
    this.waiting.unshift(event);
    if (!this.handling) this.open();
  }

  /** Handles the events that wait. From now on, raised events are handled at once. */
  open(): void {
    this.handling = true;
    try {
      while (!this.stopped && this.waiting.length > 0) this.handle(this.waiting.shift()!);
    } finally {
      this.handling = false;
    }
  }

  /** Stops for good and drops later events. Returns the events that were waiting. */
  stop(): E[] {
    this.stopped = true;
    return this.waiting.length === 0 ? [] : this.waiting.splice(0);
  }
}
