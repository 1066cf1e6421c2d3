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

/**
 * The same in a browser, which has neither `setImmediate` nor `nextTick`: a timer of 0 ms and a microtask come closest. Its functions
 * refuse to be called as methods of another object.
 */
const inBrowser = (): typeof loaded => {
  const { setTimeout, clearTimeout, queueMicrotask, performance } = globalThis;
  const immediate = (work: () => void) => setTimeout(work, 0);
  const clear = (timer?: number) => clearTimeout(timer);
  return {
    setTimeout: setTimeout.bind(globalThis),
    clearTimeout: clear,
    setImmediate: immediate,
    clearImmediate: clear,
    queueMicrotask: queueMicrotask.bind(globalThis),
    nextTick: queueMicrotask.bind(globalThis),
    now: performance.now.bind(performance),
    timeOrigin: performance.timeOrigin,
  } as unknown as typeof loaded;
};

const loaded: ReturnType<typeof current> = typeof globalThis.setImmediate === 'function' ? current() : inBrowser();

/**
 * The timers and the clock that the process had when this module was loaded. Races use these, as Node's own sockets do, so that
 * fake timers installed later do not stop them. A test that needs its own time passes a `scheduler`.
 *
 * If the timers were fake already (Sinon, Jest and Vitest mark them with `clock`), they are read again on each call, so that races
 * run again once the real ones are restored.
 */
export const realTime: () => typeof loaded = 'clock' in globalThis.setTimeout ? current : () => loaded;

/** The clock of {@link realTime}: monotonic, in ms. */
export const now: () => number = 'clock' in globalThis.setTimeout ? () => current().now() : loaded.now;
