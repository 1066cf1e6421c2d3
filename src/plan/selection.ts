import { defaultSelection, selectionOf, type Selection } from '../node/address-selection.js';
import { currentPolicy } from '../node/system-policy.js';
import type { Settings } from './options.js';

/**
 * The destination address selection of the options: by the table of an {@link rfc6724}, otherwise by this system's tables.
 * Returns `undefined` for any other order.
 *
 * The caller's own `transport` may lead anywhere, so this machine's files do not apply to it.
 */
export function selectionFor<T>(sort: Settings<T>['sort'], transport: Settings<T>['transport']): Selection | undefined {
  if (typeof sort === 'function') return selectionOf(sort);
  if (sort === 'none') return undefined;
  return transport ? defaultSelection : currentPolicy();
}
