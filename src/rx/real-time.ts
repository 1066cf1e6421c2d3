/** The process's timers and clock, read now. */
const current = () => {
  const { setTimeout, clearTimeout, setImmediate, clearImmediate, queueMicrotask, performance, process } = globalThis;
  return {
    setTimeout,
    clearTimeout,
    setImmediate,
    clearImmediate,
    queueMicrotask,
    nextTick: process.nextTick.bind(process),
    /** Monotonic, in ms. */
    now: performance.now.bind(performance),
    /** The wall-clock time, in ms, at which `now` was 0. */
    timeOrigin: performance.timeOrigin,
  };
};

const loaded = current();

/**
 * The timers and the clock that the process had when this module was loaded. Races use these, as Node's own sockets do, so that
 * fake timers installed later do not stop them. A test that needs its own time passes a `scheduler`.
 *
 * If the timers were fake already (Sinon, Jest and Vitest mark them with `clock`), they are read anew on each call, so that races
 * run again once the real ones are restored.
 */
export const realTime: () => typeof loaded = 'clock' in loaded.setTimeout ? current : () => loaded;

/** The clock of {@link realTime}: monotonic, in ms. */
export const now: () => number = 'clock' in loaded.setTimeout ? () => current().now() : loaded.now;
