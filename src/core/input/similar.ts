/** How many letters of a word may be wrong, by its length. */
function tolerated(word: string): number {
  return word.length < 4 ? 1 : 2;
}

/** The word that a misspelt one most likely stands for; `undefined` if none is similar. */
export function mostSimilar(misspelt: string, words: readonly string[]): string | undefined {
  const ranked = words
    .map((word) => ({ word, distance: distance(misspelt, word) }))
    // With every letter wrong, it is another word.
    .filter(({ word, distance }) => distance <= tolerated(word) && distance < word.length)
    .sort((a, b) => a.distance - b.distance);
  return ranked[0]?.word;
}

/** The Damerau–Levenshtein distance: the number of letters to insert, remove, replace, or exchange with their neighbour. */
function distance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 2) return Infinity;
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? rows[i - 2]![j - 2]! + 1 : Infinity;
      row.push(Math.min(rows[i - 1]![j]! + 1, row[j - 1]! + 1, rows[i - 1]![j - 1]! + cost, swapped));
    }
    rows.push(row);
  }
  return rows[a.length]![b.length]!;
}
