import { parseGaiConf } from '../core/race/gai-conf.js';
import { gaiPolicyLookup } from '../core/race/gai-policy.js';
import { debug } from '../observe/debug.js';
import { defaultSelection, selectionBy, type Selection } from './address-selection.js';
import { usesGlibc } from './glibc.js';
import { watchedFile } from './watched-file.js';

/** How this system selects destinations. */
export interface SystemPolicy extends Selection {
  /** The file whose tables replace the RFC's, if any. */
  readonly file?: string;
}

/** glibc's configuration of destination address selection: gai.conf(5). */
const SYSTEM_GAI_CONF = '/etc/gai.conf';

/** How long the file is assumed to be unchanged, in ms. */
const LOOK_INTERVAL = 1000;

/**
 * Selection by a gai.conf, which is read on first use and again whenever it has changed.
 *
 * Without a file, or without a valid line in it, the selection is that of RFC 6724: the same object each time.
 *
 * @param heeded whether this system uses the file; called only for a file with valid lines
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

/** The present {@link systemPolicy} of this machine, at most a second old. Only glibc, and hence Linux, has a gai.conf. */
export const currentPolicy = process.platform === 'linux' ? systemPolicy(SYSTEM_GAI_CONF, usesGlibc) : () => defaultSelection;
