import type { StandInOptions } from './racing.js';
import { register } from './registration.js';

export { register };
export type { StandInOptions };

/** The options of the registration that importing this module is, as JSON; `"Infinity"` stands for the number. */
const VARIABLE = 'RX_HAPPY_EYEBALLS';

registerByEnvironment(process.env[VARIABLE]);

function registerByEnvironment(json: string | undefined): void {
  try {
    register(json ? optionsOf(json) : {});
  } catch (error) {
    throw Object.assign(error as Error, {
      message: `The environment variable ${VARIABLE} is of no use: ${(error as Error).message}`,
    });
  }
}

function optionsOf(json: string): StandInOptions {
  return JSON.parse(json, (_key, value: unknown) => (value === 'Infinity' ? Infinity : value)) as StandInOptions;
}
