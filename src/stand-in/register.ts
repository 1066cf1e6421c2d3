import { registerByEnvironment } from './environment.js';
import type { StandInOptions } from './racing.js';
import { register } from './registration.js';

export { register };
export type { StandInOptions };

registerByEnvironment(register);
