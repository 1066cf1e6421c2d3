/** How many results of a function are remembered. */
const REMEMBERED = 1000;

/** In characters: what is longer is worked out anew each time. */
const LONGEST_TEXT = 300;

/**
 * A function of a text that remembers its latest results: a race asks for the same several times, and for what others have asked.
 *
 * @param workOut called with a copy of a text that is remembered: see {@link copyOf}
 */
export function remembered<Result>(workOut: (text: string) => Result): (text: string) => Result {
  const results = new Map<string, Result>();
  return (text) => {
    if (text.length > LONGEST_TEXT) return workOut(text);
    const known = results.get(text);
    if (known !== undefined || results.has(text)) return known as Result;
    if (results.size === REMEMBERED) results.clear();
    const own = copyOf(text);
    const result = workOut(own);
    results.set(own, result);
    return result;
  };
}

/**
 * The same text, in memory of its own. To remember a part that was cut out of a text, as `slice` and `split` do, would keep all
 * of that text in memory.
 */
export function copyOf(text: string): string {
  return ` ${text}`.slice(1);
}
