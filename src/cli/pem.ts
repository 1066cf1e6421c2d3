import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { invalidValue } from '../core/input/argument-errors.js';
import { reasonOf, toError } from '../core/error-tools.js';
import type { Flags } from './flag.js';

/**
 * What is in the file that a flag names, for TLS. Messages have the name of the file alone: it may hold anything.
 *
 * @throws TypeError naming the flag, for a file that cannot be read or that holds something else
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
    // A TLS context takes text without certificates for no authority.
    if (name === 'ca') new X509Certificate(contents);
    else createSecureContext({ [name]: contents });
  } catch {
    throw invalidValue(`--${name}`, `must be a ${name === 'key' ? 'key' : 'certificate'} in PEM`, file);
  }
  return contents;
}
