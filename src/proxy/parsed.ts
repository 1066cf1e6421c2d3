/**
 * The state of the bytes received so far: too few, a message with its length, or malformed.
 *
 * Parsers are pure functions of everything received so far, so it makes no difference how the message was split.
 */
export type Parsed<T> =
  | { readonly state: 'incomplete' }
  | { readonly state: 'complete'; readonly value: T; readonly length: number }
  | { readonly state: 'malformed'; readonly why: string; readonly reply?: number };

export const INCOMPLETE = { state: 'incomplete' } as const;

export function complete<T>(value: T, length: number): Parsed<T> {
  return { state: 'complete', value, length };
}

/** @param reply the reply code of the protocol; absent if there is no reply */
export function malformed<T>(why: string, reply?: number): Parsed<T> {
  return { state: 'malformed', why, ...(reply !== undefined && { reply }) };
}
