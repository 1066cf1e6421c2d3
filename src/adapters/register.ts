import { racing, type StandInOptions } from '../race-socket.js';
import { register } from './registration.js';

export { register };
export type { StandInOptions };

/** The options of the registration that importing this module is, as JSON; `"Infinity"` stands for the number. */
const VARIABLE = 'RX_HAPPY_EYEBALLS';

register(optionsFromEnvironment(process.env[VARIABLE]));

function optionsFromEnvironment(json: string | undefined): StandInOptions {
  if (!json) return {};
  try {
    const options = JSON.parse(json, (_key, value: unknown) => (value === 'Infinity' ? Infinity : value)) as StandInOptions;
    racing(options);
    return options;
  } catch (error) {
    throw Object.assign(error as Error, {
      message: `The environment variable ${VARIABLE} is of no use: ${(error as Error).message}`,
    });
  }
}
