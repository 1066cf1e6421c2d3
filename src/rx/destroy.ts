/** Destroys a connection, if it has a `destroy` method. */
export function destroy(value: unknown): void {
  const { destroy } = (value ?? {}) as { destroy?: unknown };
  if (typeof destroy === 'function') destroy.call(value);
}
