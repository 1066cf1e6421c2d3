import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { invalidValue } from '../core/input/argument-errors.js';
import { reasonOf, toError } from '../core/error-tools.js';
import type { Flags } from './flag.js';

/**
 * Reads a PEM file that a flag names. Errors show only the name of the file because its contents may be secret.
 *
 * @throws TypeError naming the flag, for a file that cannot be read or has other contents
 */
export function pem(flags: Flags, name: 'ca' | 'cert' | 'key'): string | undefined {
  const file = flags[name];
  if (file === undefined) return undefined;
  let contents: string;
  try {
    contents = readFileSync(String(file), 'utf8');
  } catch (error) {
    throw invalidValue(`--${name}`, `cannot be read (${reasonOf(toError(error))})`, file);
  }
  try {
    // A TLS context accepts text without any certificate.
    if (name === 'ca') new X509Certificate(contents);
    else createSecureContext({ [name]: contents });
  } catch {
    throw invalidValue(`--${name}`, `must be a ${name === 'key' ? 'key' : 'certificate'} in PEM`, file);
  }
  return contents;
}
