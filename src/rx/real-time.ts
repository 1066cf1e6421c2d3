/** The timers and the clock of the process, as they are now. */
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
    /** The instant at which `now` is 0, in ms of the wall clock. */
    timeOrigin: performance.timeOrigin,
  };
};

const loaded = current();

/**
 * The timers and the clock that the process had when this module was loaded. A race goes by these, as Node's own sockets do: fake
 * timers that a test installs later do not stop it. A test that wants time of its own passes a `scheduler`.
 *
 * Where timers were fake already (Sinon, Jest and Vitest mark them with `clock`), they are read anew with each call, so that
 * races run again once the real ones are back.
 */
export const realTime: () => typeof loaded = 'clock' in loaded.setTimeout ? current : () => loaded;

/** The clock of {@link realTime}: monotonic, in ms. */
export const now: () => number = 'clock' in loaded.setTimeout ? () => current().now() : loaded.now;
