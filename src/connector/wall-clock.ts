import { realTime } from '../rx/real-time.js';

/** Instants that mean the same in another run of the program, in ms. */
export const wallClock = () => {
  const { timeOrigin, now } = realTime();
  return timeOrigin + now();
};
