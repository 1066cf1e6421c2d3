/** Whether a value is an object of names and values, of whatever realm: no list, map or instance that has a tag of its own. */
export function isPlainObject(value: unknown): value is object {
  return Object.prototype.toString.call(value) === '[object Object]';
}
