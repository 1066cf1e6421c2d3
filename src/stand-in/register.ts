import { registerByEnvironment } from './environment.js';
import type { StandInOptions } from './racing.js';
import { isRegistered, type RegisterOptions } from './patch.js';
import { register } from './registration.js';

export { register };
export type { RegisterOptions, StandInOptions };

// Keeps the program's own registration: the import may come from a library, or from another copy of this package.
if (!isRegistered()) registerByEnvironment(register);
