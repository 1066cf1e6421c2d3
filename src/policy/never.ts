import { NEVER } from 'rxjs';
import { makeLayer, type AnyPolicy } from './make-policy.js';

/** Does not ask, and does not answer: `never & a` is won by `a` or by nobody; `never | a` and `never + a` are `never`. */
export const never: AnyPolicy = makeLayer(() => NEVER, 'never');
