import { VirtualAction, VirtualTimeScheduler } from 'rxjs';

/** RxJS's virtual time, whose queue stays quick with thousands of timers in it. */
export class VirtualScheduler extends VirtualTimeScheduler {
  constructor() {
    super(QueuedAction);
  }
}

/** Finds its place in the sorted queue by halves, where RxJS sorts the whole queue for each action. */
class QueuedAction<T> extends VirtualAction<T> {
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
