/**
 * What the bytes received so far are: too few to tell, a message with its length, or malformed.
 *
 * Parsers are pure: they are given everything received so far, so that it makes no difference how it was split on its way.
 */
export type Parsed<T> =
  | { readonly state: 'incomplete' }
  | { readonly state: 'complete'; readonly value: T; readonly length: number }
  | { readonly state: 'malformed'; readonly why: string; readonly reply?: number };

export const INCOMPLETE = { state: 'incomplete' } as const;

export function complete<T>(value: T, length: number): Parsed<T> {
  return { state: 'complete', value, length };
}

/** @param reply the code that the protocol has for it, where it is answered at all */
export function malformed<T>(why: string, reply?: number): Parsed<T> {
  return { state: 'malformed', why, ...(reply !== undefined && { reply }) };
}
