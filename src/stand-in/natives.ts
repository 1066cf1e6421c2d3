import { Socket } from 'node:net';

/** Node's functions as they were when this package was first loaded. */
interface Natives {
  readonly connect: Socket['connect'];
}

const KEY = Symbol.for('rx-happy-eyeballs.natives');

/**
 * Node's functions as they were when the first copy of this package was loaded in this process. The code of races is loaded later,
 * and a program may have replaced the functions by then.
 */
export const natives: Natives = ((globalThis as { [KEY]?: Natives })[KEY] ??= {
  connect: Reflect.get(Socket.prototype, 'connect'),
});
