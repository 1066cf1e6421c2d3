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
    const { name, message } = error as Error;
    const said = `The environment variable ${VARIABLE} is invalid: ${message}`;
    // The program's user has set it. Frames of this package would tell them nothing.
    throw Object.assign(error as Error, { message: said, stack: `${name}: ${said}` });
  }
}

function optionsOf(json: string): RegisterOptions {
  return JSON.parse(json, (_key, value: unknown) => (value === 'Infinity' ? Infinity : value)) as RegisterOptions;
}
