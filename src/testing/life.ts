import type { Diagram } from './marble-diff.js';

/** What RxJS compares: when something was subscribed to, and unsubscribed from. */
export interface Subscribed {
  readonly subscribedFrame: number;
  readonly unsubscribedFrame: number;
}

/** The diagram of a subscription; empty where there was none. */
export function life(subscribed: Subscribed | undefined): Diagram {
  const diagram = new Map<number, string>();
  const add = (at: number, marble: string) => {
    if (at < Infinity) diagram.set(at, diagram.has(at) ? `(${diagram.get(at)}${marble})` : marble);
  };
  if (subscribed) {
    add(subscribed.subscribedFrame, '^');
    add(subscribed.unsubscribedFrame, '!');
  }
  return diagram;
}
