import { defaultSelection, selectionOf, type Selection } from '../node/address-selection.js';
import { currentPolicy } from '../node/system-policy.js';
import type { Settings } from './options.js';

/**
 * The destination address selection that the options ask for, `undefined` for another order: by the table of a
 * {@link rfc6724}, else by this system's tables.
 *
 * A `transport` of the caller's may lead anywhere, as in virtual time, so this machine's files do not count for it.
 */
export function selectionFor<T>(sort: Settings<T>['sort'], transport: Settings<T>['transport']): Selection | undefined {
  if (typeof sort === 'function') return selectionOf(sort);
  if (sort === 'none') return undefined;
  return transport ? defaultSelection : currentPolicy();
}
