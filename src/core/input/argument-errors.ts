import { printable } from './printable.js';

/**
 * A value of the wrong type, in Node's words and with Node's code.
 *
 * @param name what was given, as the caller knows it: `port`, `options.family`
 * @param expected completes "must be …": `of type number`, `a function`
 */
export function invalidType(name: string, expected: string, value: unknown): TypeError {
  return coded(new TypeError(`"${name}" must be ${expected}. Received ${show(value)}`), 'ERR_INVALID_ARG_TYPE');
}

/** A value of the right type that makes no sense; `reason` completes the sentence that begins with its name. */
export function invalidValue(name: string, reason: string, value: unknown): TypeError {
  return coded(new TypeError(`"${name}" ${reason}. Received ${show(value)}`), 'ERR_INVALID_ARG_VALUE');
}

/** Text that is not the IP address it should be; `reason` as in {@link invalidValue}. */
export function invalidAddress(name: string, reason: string, value: unknown): TypeError {
  return coded(invalidValue(name, reason, value), 'ERR_INVALID_IP_ADDRESS');
}

/** A number outside its range; `range` completes "It must be …". */
export function outOfRange(name: string, range: string, value: unknown): RangeError {
  const message = `The value of "${name}" is out of range. It must be ${range}. Received ${show(value)}`;
  return coded(new RangeError(message), 'ERR_OUT_OF_RANGE');
}

/** A function of the caller's that returned what it should not; `expected` completes "must return …". */
export function invalidReturn(name: string, expected: string, value: unknown): TypeError {
  return coded(new TypeError(`"${name}" must return ${expected}. Received ${show(value)}`), 'ERR_INVALID_RETURN_VALUE');
}

function coded<E extends Error>(error: E, code: string): E {
  return Object.assign(error, { code });
}

/** Longer values are cut: a message is read by people. */
const SHOWN_CHARACTERS = 80;

/** A value as messages show it. */
export function show(value: unknown): string {
  if (typeof value === 'string') return cut(`'${printable(value)}'`);
  if (typeof value === 'function') return `function ${value.name}`;
  if (typeof value !== 'object' || value === null) return String(value);
  return Array.isArray(value) ? cut(`[${value.map(show).join(', ')}]`) : Object.prototype.toString.call(value);
}

function cut(text: string): string {
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
}
