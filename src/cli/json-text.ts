import { escapeInvisible } from '../core/input/printable.js';

/** JSON for printing. Control characters and invisible characters are escaped. */
export function jsonText(value: unknown): string {
  return `${escapeInvisible(JSON.stringify(value, undefined, 2))}\n`;
}
