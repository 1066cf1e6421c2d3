/** The host of a URL in the text of a function. */
const HOST = /\bhttps?:\/\/([\w.-]+|\[[\da-f:.]+\])(?::\d+)?/i;

/** The first call in the text of a function, also as compilers write it: `(0, fetch_1.fromFetch)(url)`. */
const CALL = /(?:=>|\breturn|\bawait)\s*(?:\(0, ?)?(?:\w+_\d+\.)?((?:[\w$]+\.)*[\w$]+)\)?\(/;

/** What a function is called in messages: by its name, by the host that it asks, or by the function that it calls. */
export function nameOf(fn: (...given: never[]) => unknown): string {
  if (fn.name) return fn.name;
  const text = String(fn);
  return HOST.exec(text)?.[1] ?? CALL.exec(text)?.[1] ?? 'service';
}
