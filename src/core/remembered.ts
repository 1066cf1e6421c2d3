/** How many results of a function are remembered. */
const REMEMBERED = 1000;

/** A function of a text that remembers its latest results: a race asks for the same several times, and for what others have asked. */
export function remembered<Result>(workOut: (text: string) => Result): (text: string) => Result {
  const results = new Map<string, Result>();
  return (text) => {
    const known = results.get(text);
    if (known !== undefined || results.has(text)) return known as Result;
    if (results.size === REMEMBERED) results.clear();
    const result = workOut(text);
    results.set(text, result);
    return result;
  };
}
