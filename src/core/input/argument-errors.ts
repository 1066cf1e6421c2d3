import { printable } from './printable.js';
import { copyOf } from '../remembered.js';
import { isSecret, withoutSecrets } from './secrets.js';

/**
 * An error for a value of the wrong type, with Node's wording and code.
 *
 * @param name the caller's name for the value: `port`, `options.family`
 * @param expected completes "must be …": `of type number`, `a function`
 */
export function invalidType(name: string, expected: string, value: unknown): TypeError {
  return coded(new TypeError(`"${nameOf(name)}" must be ${expected}. Received ${showOf(name, value)}`), 'ERR_INVALID_ARG_TYPE');
}

/** An error for an invalid value of the right type; `reason` completes the sentence that begins with the name. */
export function invalidValue(name: string, reason: string, value: unknown): TypeError {
  return coded(new TypeError(`"${nameOf(name)}" ${reason}. Received ${showOf(name, value)}`), 'ERR_INVALID_ARG_VALUE');
}

/** An error for an argument that is absent; `how` completes the sentence "… must be given". */
export function notGiven(name: string, how = ''): TypeError {
  return coded(new TypeError(`"${name}" must be given${how}`), 'ERR_INVALID_ARG_VALUE');
}

/** An error for text that should be an IP address; `reason` as in {@link invalidValue}. */
export function invalidAddress(name: string, reason: string, value: unknown): TypeError {
  return coded(invalidValue(name, reason, value), 'ERR_INVALID_IP_ADDRESS');
}

/** An error for a number outside its range; `range` completes "It must be …". */
export function outOfRange(name: string, range: string, value: unknown): RangeError {
  const message = `The value of "${nameOf(name)}" is out of range. It must be ${range}. Received ${showOf(name, value)}`;
  return coded(new RangeError(message), 'ERR_OUT_OF_RANGE');
}

/** An error for a callback that returned an invalid value; `expected` completes "must return …". */
export function invalidReturn(name: string, expected: string, value: unknown): TypeError {
  return coded(new TypeError(`"${name}" must return ${expected}. Received ${show(value)}`), 'ERR_INVALID_RETURN_VALUE');
}

function coded<E extends Error>(error: E, code: string): E {
  return Object.assign(error, { code });
}

/** Longer values are truncated: people read these messages. */
const SHOWN_CHARACTERS = 80;

/** The name of an unknown option comes from the caller, and may be long. */
const SHOWN_NAME = 200;

function nameOf(name: string): string {
  const shown = withoutSecrets(name);
  return shown.length > SHOWN_NAME ? cut(shown, SHOWN_NAME) : shown;
}

/** The value of an option as shown in a message, unless it is secret. */
function showOf(name: string, value: unknown): string {
  const isHidden = isSecret(name) && (Array.isArray(value) || ['string', 'number', 'bigint', 'symbol'].includes(typeof value));
  return isHidden ? '[hidden]' : show(value);
}

/** A value as shown in messages, without passwords and private keys. */
export function show(value: unknown): string {
  if (typeof value === 'string') return shown(value);
  if (typeof value === 'function') return cut(`function ${printable(value.name.slice(0, SHOWN_CHARACTERS))}`);
  if (Array.isArray(value)) return list(value);
  return Object(value) === value ? cut(Object.prototype.toString.call(value)) : cut(String(value));
}

/** Truncates before escaping, and copies: an error must not keep a long text in memory. */
function shown(text: string): string {
  const beginning = copyOf(withoutSecrets(text).slice(0, SHOWN_CHARACTERS));
  return cut(`'${printable(beginning)}'`);
}

/** Nested lists are elided, so that depth does not matter. */
function list(values: readonly unknown[]): string {
  const first = values.slice(0, SHOWN_CHARACTERS).map((value) => (Array.isArray(value) ? '[…]' : show(value)));
  return cut(`[${first.join(', ')}]`);
}

function cut(text: string, most = SHOWN_CHARACTERS): string {
  return text.length > most ? `${copyOf(text.slice(0, most))}…` : text;
}
