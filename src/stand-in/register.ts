import { registerByEnvironment } from './environment.js';
import type { StandInOptions } from './racing.js';
import { isRegistered, type RegisterOptions } from './patch.js';
import { register } from './registration.js';

export { register };
export type { RegisterOptions, StandInOptions };

// What the program has registered stays: the import may be that of a library, or of another copy of this package.
if (!isRegistered()) registerByEnvironment(register);
