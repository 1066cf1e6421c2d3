import { invalidType } from '../core/input/argument-errors.js';

/** Where a policy has its expression. The same for the ESM and the CommonJS copy of this package. */
export const EXPRESSION = Symbol.for('rx-happy-eyeballs.policy');

export function isPolicy(value: unknown): boolean {
  return typeof value === 'function' && EXPRESSION in value;
}

export function checkPolicy(name: string, value: unknown): void {
  if (!isPolicy(value)) throw invalidType(name, 'a policy, as made by policy(operator)', value);
}
