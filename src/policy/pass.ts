import { makeLayer, type AnyPolicy } from './make-policy.js';

/** The source as it is: `pass + a`, `a + pass` and `a` are the same. */
export const pass: AnyPolicy = makeLayer((source) => source, 'pass');
