/** The most results that one function remembers. */
const REMEMBERED = 1000;

/** In characters. Results for longer text are not remembered. */
const LONGEST_TEXT = 300;

/**
 * Memoizes a function of a text. A race asks for the same result several times, and races to the same host share theirs.
 *
 * @param workOut called with a copy of the text: see {@link copyOf}
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
 * Copies a text to memory of its own. A part that `slice` or `split` cut from a long text keeps the whole text in memory.
 */
export function copyOf(text: string): string {
  return ` ${text}`.slice(1);
}
