/** A duration in words, in whole ms. */
export function formatDuration(duration: number): string {
  return `${Math.round(duration)} ms`;
}
