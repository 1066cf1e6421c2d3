/** Normalizes a host name for comparison: lower case, without a trailing dot. */
export function normalName(name: string): string {
  return name.replace(/\.$/, '').toLowerCase();
}
