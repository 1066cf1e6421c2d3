import { realTime } from '../rx/real-time.js';

/** A clock that continues across runs of a program, in ms. */
export const wallClock = () => {
  const { timeOrigin, now } = realTime();
  return timeOrigin + now();
};
