import type { ModelledError, ModelledResult } from './model.js';

/** What a client says where a name has no address. */
export const NO_ADDRESS = {
  python: { name: 'gaierror', code: 'EAI_NONAME', message: '[Errno -2] Name or service not known' },
  go: { name: '*net.OpError', message: 'dial tcp: lookup: no such host' },
  curl: { code: 'CURLE_COULDNT_RESOLVE_HOST', message: 'Could not resolve host' },
  firefox: { code: 'NS_ERROR_UNKNOWN_HOST', message: 'We’re having trouble finding that site.' },
} satisfies Readonly<Record<string, ModelledError>>;

/** A race without an address: it ends with the look-up, or waits for it for ever. */
export function nothingThere(endedAt: number, error: ModelledError): ModelledResult {
  return { attempts: [], endedAt, ...(endedAt < Infinity && { error }), certain: true };
}
