import { escapeInvisible } from '../core/input/printable.js';

/** JSON as it is printed: what a terminal would act on, and what cannot be seen, is escaped as JSON has it. */
export function jsonText(value: unknown): string {
  return `${escapeInvisible(JSON.stringify(value, undefined, 2))}\n`;
}
