import { printable } from './printable.js';
import { copyOf } from '../remembered.js';
import { isSecret, withoutSecrets } from './secrets.js';

/**
 * A value of the wrong type, in Node's words and with Node's code.
 *
 * @param name what was given, as the caller knows it: `port`, `options.family`
 * @param expected completes "must be …": `of type number`, `a function`
 */
export function invalidType(name: string, expected: string, value: unknown): TypeError {
  return coded(new TypeError(`"${nameOf(name)}" must be ${expected}. Received ${showOf(name, value)}`), 'ERR_INVALID_ARG_TYPE');
}

/** A value of the right type that makes no sense; `reason` completes the sentence that begins with its name. */
export function invalidValue(name: string, reason: string, value: unknown): TypeError {
  return coded(new TypeError(`"${nameOf(name)}" ${reason}. Received ${showOf(name, value)}`), 'ERR_INVALID_ARG_VALUE');
}

/** Text that is not the IP address it should be; `reason` as in {@link invalidValue}. */
export function invalidAddress(name: string, reason: string, value: unknown): TypeError {
  return coded(invalidValue(name, reason, value), 'ERR_INVALID_IP_ADDRESS');
}

/** A number outside its range; `range` completes "It must be …". */
export function outOfRange(name: string, range: string, value: unknown): RangeError {
  const message = `The value of "${nameOf(name)}" is out of range. It must be ${range}. Received ${showOf(name, value)}`;
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

/** Names of options are the caller's where there is no such option. */
const SHOWN_NAME = 200;

function nameOf(name: string): string {
  return name.length > SHOWN_NAME ? cut(name, SHOWN_NAME) : name;
}

/** The value of an option, unless only its owner may read it. */
function showOf(name: string, value: unknown): string {
  const isHidden = isSecret(name) && (Array.isArray(value) || ['string', 'number', 'bigint', 'symbol'].includes(typeof value));
  return isHidden ? '[hidden]' : show(value);
}

/** A value as messages show it, without the passwords and private keys in it. */
export function show(value: unknown): string {
  if (typeof value === 'string') return shown(value);
  if (typeof value === 'function') return cut(`function ${printable(value.name.slice(0, SHOWN_CHARACTERS))}`);
  if (Array.isArray(value)) return list(value);
  return Object(value) === value ? cut(Object.prototype.toString.call(value)) : cut(String(value));
}

/** Cut before it is made printable, and in memory of its own: an error that is kept must not keep a long text. */
function shown(text: string): string {
  const beginning = copyOf(withoutSecrets(text).slice(0, SHOWN_CHARACTERS));
  return cut(`'${printable(beginning)}'`);
}

/** Lists within the list are not shown, however deep they are. */
function list(values: readonly unknown[]): string {
  const first = values.slice(0, SHOWN_CHARACTERS).map((value) => (Array.isArray(value) ? '[…]' : show(value)));
  return cut(`[${first.join(', ')}]`);
}

function cut(text: string, most = SHOWN_CHARACTERS): string {
  return text.length > most ? `${copyOf(text.slice(0, most))}…` : text;
}
