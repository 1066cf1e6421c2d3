import { Socket } from 'node:net';

/** Functions of Node's as they were when this package was loaded first. */
interface Natives {
  readonly connect: Socket['connect'];
}

const KEY = Symbol.for('rx-happy-eyeballs.natives');

/**
 * Functions of Node's as they were when any copy of this package was loaded first, in this process. The races of `register` are
 * loaded with the first one only: by then a program may have replaced these.
 */
export const natives: Natives = ((globalThis as { [KEY]?: Natives })[KEY] ??= {
  connect: Reflect.get(Socket.prototype, 'connect'),
});
