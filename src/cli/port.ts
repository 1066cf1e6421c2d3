import { invalidValue } from '../core/input/argument-errors.js';

/** Converts text to a port. The library checks its range. */
export function portOf(text: string): number {
  if (!/^\d+$/.test(text)) throw invalidValue('port', 'must be a whole number from 1 to 65535', text);
  return Number(text);
}
