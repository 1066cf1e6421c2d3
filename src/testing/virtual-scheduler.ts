import { VirtualAction, VirtualTimeScheduler, type Subscription } from 'rxjs';

/** RxJS's virtual time, whose queue stays quick with thousands of timers in it. */
export class VirtualScheduler extends VirtualTimeScheduler {
  constructor() {
    super(QueuedAction);
  }
}

/**
 * Finds its place in the sorted queue by halves, where RxJS sorts the whole queue for each action; and is used again, where RxJS
 * makes an action within the last for each tick, too deep in the end to be unsubscribed.
 */
class QueuedAction<T> extends VirtualAction<T> {
  override schedule(state?: T, delay = 0): Subscription {
    if (!Number.isFinite(delay) || this.id === undefined) return super.schedule(state, delay);
    if (this.closed) return this;
    if (this.pending) {
      const other = new QueuedAction(this.scheduler, this.work);
      this.add(other);
      return other.schedule(state, delay);
    }
    this.state = state;
    this.pending = true;
    this.id = this.requestAsyncId(this.scheduler, this.id, delay);
    return this;
  }

  protected override requestAsyncId(scheduler: VirtualTimeScheduler, _id?: unknown, delay = 0): number {
    this.delay = scheduler.frame + delay;
    const { actions } = scheduler;
    let [from, to] = [0, actions.length];
    while (from < to) {
      const middle = (from + to) >>> 1;
      if (actions[middle]!.delay <= this.delay) from = middle + 1;
      else to = middle;
    }
    actions.splice(from, 0, this);
    return 1;
  }
}
