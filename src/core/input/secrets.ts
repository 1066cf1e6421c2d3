/** Options whose values must never be shown, at any depth and in any case of their names. */
const SECRET_NAMES = new Set([
  'auth',
  'authorization',
  'cookie',
  'key',
  'keys',
  'passphrase',
  'password',
  'pfx',
  'privatekeyidentifier',
  'psk',
  'secret',
  'session',
  'ticketkeys',
  'token',
]);

/** Whether an option is secret, given its full name: `options.tls.passphrase`. */
export function isSecret(name: string): boolean {
  const [option] = name.slice(name.lastIndexOf('.') + 1).split('[');
  return name.includes('.') && SECRET_NAMES.has(option!.toLowerCase());
}

/** Text that was given for some other value, without a password or private key that it may contain. */
export function withoutSecrets(text: string): string {
  if (text.includes('PRIVATE KEY')) return '[private key]';
  const at = text.lastIndexOf('@');
  if (at === -1) return text;
  const scheme = text.indexOf('://');
  const start = scheme !== -1 && scheme < at ? scheme + 3 : 0;
  // Only a colon after the scheme separates a name from a password.
  return text.slice(start, at).includes(':') ? `${text.slice(0, start)}***${text.slice(at)}` : text;
}

/** Prose such as an error's message, without the user names and passwords of URLs in it. */
export function withoutCredentials(text: string): string {
  return text.replace(/:\/\/[^\s/?#@]*@/g, '://***@');
}
