/** A duration as people read it, in whole ms. */
export function formatDuration(duration: number): string {
  return `${Math.round(duration)} ms`;
}
