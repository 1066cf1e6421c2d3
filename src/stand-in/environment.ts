import type { RegisterOptions } from './patch.js';

/** The variable with the options of `register` as JSON. `"Infinity"` represents the number. */
const VARIABLE = 'RX_HAPPY_EYEBALLS';

/**
 * Registers with the options in the environment.
 *
 * @throws TypeError, RangeError, SyntaxError that names the variable, for invalid options
 */
export function registerByEnvironment(register: (options: RegisterOptions) => unknown): void {
  const json = process.env[VARIABLE];
  try {
    register(json ? optionsOf(json) : {});
  } catch (error) {
    throw Object.assign(error as Error, {
      message: `The environment variable ${VARIABLE} is of no use: ${(error as Error).message}`,
    });
  }
}

function optionsOf(json: string): RegisterOptions {
  return JSON.parse(json, (_key, value: unknown) => (value === 'Infinity' ? Infinity : value)) as RegisterOptions;
}
