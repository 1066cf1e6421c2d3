/**
 * Which mutants are tried where not all are, and what that says of all.
 */

/** What tells a mutant from all others, as long as its file is the same. */
export function keyOf(fileName, { location: { start, end }, mutatorName, replacement }) {
  return [fileName, start.line, start.column, end.line, end.column, mutatorName, replacement].join(' ');
}

/** Whether a mutant belongs to a share of all: the same ones for the same seed, wherever it is asked. */
export function isInSample(key, { share, seed }) {
  return share >= 1 || fraction(`${seed} ${key}`) < share;
}

/** A number from 0 to 1 that follows from a text (FNV-1a, mixed once more). */
function fraction(text) {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}

/** Between which scores that of all mutants lies, with a confidence of 95 % (Wilson). */
export function interval({ noticed, all }) {
  if (all === 0) return 'nothing known';
  const z = 1.96;
  const score = noticed / all;
  const middle = (score + z ** 2 / (2 * all)) / (1 + z ** 2 / all);
  const half = (z / (1 + z ** 2 / all)) * Math.sqrt((score * (1 - score)) / all + z ** 2 / (4 * all ** 2));
  const percent = (number) => (100 * Math.min(Math.max(number, 0), 1)).toFixed(1);
  return `${percent(middle - half)} to ${percent(middle + half)} %`;
}
