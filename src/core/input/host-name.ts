/** A host name as names are compared: without regard to case and to a final dot. */
export function normalName(name: string): string {
  return name.replace(/\.$/, '').toLowerCase();
}
