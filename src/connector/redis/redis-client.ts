import { invalidType } from '../../core/input/argument-errors.js';
import { isObject } from '../../core/input/checks.js';

/** A client of the library `ioredis`, or one that has its method, as that of `iovalkey`; those of a cluster too. */
interface Calling {
  call(command: string, args: string[]): unknown;
}

/** A client of the library `redis`. */
interface Sending {
  sendCommand(args: string[]): unknown;
}

/** Sends one command, its name first, and resolves with the reply; for clients of other libraries. */
export type Command = (args: readonly string[]) => Promise<unknown>;

/** A connection to Redis or Valkey, which stays the caller's. */
export type RedisClient = Calling | Sending | Command;

/** @throws TypeError for what is no client */
export function commandOf(client: RedisClient): Command {
  if (typeof client === 'function') return client as Command;
  const { call, sendCommand } = (isObject(client) ? client : {}) as Partial<Calling & Sending>;
  if (typeof call === 'function') return promised(([command, ...args]) => (client as Calling).call(command!, args));
  if (typeof sendCommand === 'function') return promised((args) => (client as Sending).sendCommand([...args]));
  throw invalidType('options.client', 'a client of ioredis or redis, or a function that sends a command', client);
}

function promised(send: (args: readonly string[]) => unknown): Command {
  return async (args) => await send(args);
}
