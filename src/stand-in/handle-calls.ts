import type { Socket } from 'node:net';
import { handleOf } from './handle.js';

/** What a handle of TLS is told that the socket itself does not remember. */
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
 * What was said to the handle of a `tls.TLSSocket` while it was connecting, so that another handle in its place, or beside it, can
 * be told the same.
 */
export class HandleCalls {
  #calls: (readonly [name: string, given: unknown[]])[] | undefined;
  #stop: (() => void) | undefined;

  /** @param socket whose calls are remembered from now on: those to the handle that it has now */
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

  /** Says to a handle what was said to the other. */
  repeat(handle: object): void {
    for (const [name, given] of this.#calls ?? []) (handle as Methods)[name]?.(...given);
  }
}
