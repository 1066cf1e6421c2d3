/**
 * Creates a function that prints equal values equally: texts, numbers, bytes, lists and plain objects by content, at any depth;
 * functions and instances of classes by identity.
 */
export function printer(): (value: unknown) => string {
  const identities = new WeakMap<object, number>();
  let seen = 0;

  const identityOf = (value: object) => {
    const identity = identities.get(value) ?? ++seen;
    identities.set(value, identity);
    return identity;
  };

  const print = (value: unknown, within: readonly object[]): unknown => {
    if (!isObject(value)) return [typeof value, String(value)];
    if (ArrayBuffer.isView(value)) return ['bytes', bytesOf(value).toString('base64')];
    if (within.includes(value)) return ['again', within.indexOf(value)];
    const inner = [...within, value];
    if (Array.isArray(value)) return ['list', value.map((one) => print(one, inner))];
    if (!isPlain(value)) return ['one', identityOf(value)];
    const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    return ['object', entries.map(([name, one]) => [name, print(one, inner)])];
  };
  return (value) => JSON.stringify(print(value, []));
}

function isObject(value: unknown): value is object {
  return Object(value) === value;
}

/** Whether a value is a plain object, of any realm. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return typeof value !== 'function' && (prototype === null || Object.getPrototypeOf(prototype) === null);
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
