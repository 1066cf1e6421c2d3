import { NEVER } from 'rxjs';
import { makeLayer, type AnyPolicy } from './make-policy.js';

/** Never ends, and never subscribes: `never & a` is won by `a` or not at all; `never | a` and `never + a` are `never`. */
export const never: AnyPolicy = makeLayer(() => NEVER, 'never');
