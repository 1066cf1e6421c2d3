import { parseGaiConf } from '../core/race/gai-conf.js';
import { gaiPolicyLookup } from '../core/race/gai-policy.js';
import { debug } from '../observe/debug.js';
import { defaultSelection, selectionBy, type Selection } from './address-selection.js';
import { usesGlibc } from './glibc.js';
import { watchedFile } from './watched-file.js';

/** How this system selects destinations. */
export interface SystemPolicy extends Selection {
  /** The file whose tables count in place of the RFC's, if any. */
  readonly file?: string;
}

/** Where administrators of glibc systems configure destination address selection: gai.conf(5). */
const SYSTEM_GAI_CONF = '/etc/gai.conf';

/** For how long the file is believed to be unchanged, in ms. */
const LOOK_INTERVAL = 1000;

/**
 * Selection by a gai.conf, which is read when it is first needed and again whenever it has changed.
 *
 * Without a file, and without a valid line in it, the selection is that of RFC 6724: the same object each time.
 *
 * @param heeded whether this system heeds the file; asked only for a file that has valid lines
 */
export function systemPolicy(path: string, heeded: () => boolean): () => SystemPolicy {
  const complain = (line: string) => {
    debug('a line of %s is ignored: %j', path, line);
  };
  return watchedFile(
    path,
    (text): SystemPolicy => {
      const conf = parseGaiConf(text, complain);
      if (!(conf.labels ?? conf.precedences ?? conf.scopes) || !heeded()) return defaultSelection;
      return { ...selectionBy(gaiPolicyLookup(conf, defaultSelection.policyOf)), file: path };
    },
    LOOK_INTERVAL,
  );
}

/** {@link systemPolicy} of this machine as it is now, a second old at most; only glibc has a gai.conf, and Node has glibc only on Linux. */
export const currentPolicy = process.platform === 'linux' ? systemPolicy(SYSTEM_GAI_CONF, usesGlibc) : () => defaultSelection;
