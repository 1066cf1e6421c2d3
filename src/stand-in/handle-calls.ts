import type { Socket } from 'node:net';
import { handleOf } from './handle.js';

/** Methods of a TLS handle whose effect the socket itself does not record. */
const CALLS = [
  'setServername',
  'setSession',
  'setMaxSendFragment',
  'setVerifyMode',
  'setKeyCert',
  'enableTrace',
  'enableKeylogCallback',
  'enableSessionCallbacks',
] as const;

type Method = (...given: unknown[]) => unknown;
type Methods = Record<string, Method | undefined>;

/**
 * Records the calls made on the handle of a connecting `tls.TLSSocket`, so that they can be repeated on another handle.
 */
export class HandleCalls {
  #calls: (readonly [name: string, given: unknown[]])[] | undefined;
  #stop: (() => void) | undefined;

  /** @param socket whose present handle is recorded from now on */
  listen(socket: Socket): void {
    this.stop();
    const handle = handleOf(socket) as Methods | null | undefined;
    if (!handle) return;
    const replaced = CALLS.flatMap((name) => {
      const original = handle[name];
      if (!original) return [];
      handle[name] = (...given) => {
        (this.#calls ??= []).push([name, given]);
        return original.apply(handle, given);
      };
      return [[name, original] as const];
    });
    this.#stop = () => {
      for (const [name, original] of replaced) handle[name] = original;
    };
  }

  stop(): void {
    this.#stop?.();
    this.#stop = undefined;
  }

  /** Repeats the calls on another handle. */
  repeat(handle: object): void {
    for (const [name, given] of this.#calls ?? []) (handle as Methods)[name]?.(...given);
  }
}
