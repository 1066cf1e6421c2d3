/**
 * Handles events one at a time and in order, even where handling one brings about others.
 *
 *     raise  a b        waits:  a b
 *     handle a                  b
 *       raise  c                b c        something else has happened: after all that waits
 *       follow d                d b c      d follows from a: before what waits
 *     handle d
 *
 * An event that is raised while no other is being handled is handled at once. One that is raised while another is being handled
 * waits for its turn: no event is handled within another, and a thousand failures in one call do not deepen the stack. Nothing
 * is handled before the loop is opened, and nothing after it was stopped.
 */
export class EventLoop<E> {
  private readonly waiting: E[] = [];
  /** True also before it is opened. */
  private handling = true;
  private stopped = false;

  constructor(private readonly handle: (event: E) => void) {}

  /** Whether an event waits. */
  get isPending(): boolean {
    return this.waiting.length > 0;
  }

  /** As an observer: what a stream emits has happened. */
  next(event: E): void {
    this.raise(event);
  }

  /** As an observer: that a stream has ended is no event. */
  complete(): void {
    // Its last event has said so.
  }

  /** Something has happened. */
  raise(event: E): void {
    if (this.stopped) return;
    this.waiting.push(event);
    if (!this.handling) this.open();
  }

  /** Something follows from the event at hand: it comes next, before all that waits. */
  follow(event: E): void {
    if (this.stopped) return;
    this.waiting.unshift(event);
    if (!this.handling) this.open();
  }

  /** Handles what waits. From now on, what is raised is handled at once. */
  open(): void {
    this.handling = true;
    try {
      while (!this.stopped && this.waiting.length > 0) this.handle(this.waiting.shift()!);
    } finally {
      this.handling = false;
    }
  }

  /** Stops for good: what is raised from now on is dropped. Returns the events that were still waiting. */
  stop(): E[] {
    this.stopped = true;
    return this.waiting.length === 0 ? [] : this.waiting.splice(0);
  }
}
