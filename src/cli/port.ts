import { invalidValue } from '../core/input/argument-errors.js';

/** The port that a text is; the library says whether there can be such a port. */
export function portOf(text: string): number {
  if (!/^\d+$/.test(text)) throw invalidValue('port', 'must be a whole number from 1 to 65535', text);
  return Number(text);
}
