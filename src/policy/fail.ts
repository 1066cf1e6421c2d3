import { throwError } from 'rxjs';
import { codedError } from '../core/error-tools.js';
import { makeLayer, type AnyPolicy } from './make-policy.js';

/**
 * Fails at once with `ERR_POLICY_FAIL`, without subscribing: `fail | a` and `fail & a` are `a`, except for that cause; `fail + a` is
 * `fail`.
 */
export const fail: AnyPolicy = makeLayer(
  () => throwError(() => codedError('ERR_POLICY_FAIL', 'the policy always fails')),
  'fail',
);
