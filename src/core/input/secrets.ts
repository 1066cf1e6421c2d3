/** Options whose values are nobody else's to read, wherever they stand. */
const SECRET_NAMES = new Set([
  'auth',
  'authorization',
  'cookie',
  'key',
  'keys',
  'passphrase',
  'password',
  'pfx',
  'privateKeyIdentifier',
  'psk',
  'secret',
  'session',
  'ticketKeys',
  'token',
]);

/** Whether the value of an option must not be shown, by its name as messages have it: `options.tls.passphrase`. */
export function isSecret(name: string): boolean {
  const [option] = name.slice(name.lastIndexOf('.') + 1).split('[');
  return name.includes('.') && SECRET_NAMES.has(option!);
}

/** A text as a whole, as it was given for something else, without the password or the private key in it. */
export function withoutSecrets(text: string): string {
  if (text.includes('PRIVATE KEY')) return '[private key]';
  const at = text.lastIndexOf('@');
  const colon = text.indexOf(':');
  if (at === -1 || colon === -1 || colon > at) return text;
  const scheme = text.indexOf('://');
  const start = scheme !== -1 && scheme < at ? scheme + 3 : 0;
  // A colon that stands after the scheme, or no name and password.
  return text.slice(start, at).includes(':') ? `${text.slice(0, start)}***${text.slice(at)}` : text;
}

/** Prose of somebody else's, as an error's message, without the names and passwords of the URLs in it. */
export function withoutCredentials(text: string): string {
  return text.replace(/:\/\/[^\s/?#@]*@/g, '://***@');
}
