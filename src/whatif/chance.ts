/** A number from 0 to 1, 1 excluded. */
export type Chance = () => number;

/**
 * Numbers that are the same for the same seeds, in every run and on every machine (sfc32).
 *
 * @param seeds whole numbers; what has seeds of its own does not change what others draw
 */
export function chanceOf(...seeds: readonly number[]): Chance {
  let a = 0x9e3779b9;
  let b = 0x243f6a88;
  let c = 0xb7e15162;
  for (const seed of seeds) {
    a = mixed(a ^ seed);
    b = mixed(b ^ Math.imul(seed, 0x85ebca6b) ^ Math.floor(seed / 2 ** 32));
    c = mixed(c ^ a ^ b);
  }
  let counter = 1;
  return () => {
    const sum = (a + b + counter++) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    return (sum >>> 0) / 2 ** 32;
  };
}

function mixed(value: number): number {
  let bits = value | 0;
  bits = Math.imul(bits ^ (bits >>> 16), 0x7feb352d);
  bits = Math.imul(bits ^ (bits >>> 15), 0x846ca68b);
  return bits ^ (bits >>> 16);
}

/** Text as a seed (FNV-1a). */
export function seedOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

/** From the standard normal distribution (Box and Muller). */
export function normal(chance: Chance): number {
  return Math.sqrt(-2 * Math.log(1 - chance())) * Math.cos(2 * Math.PI * chance());
}

/** @param sigma the standard deviation of the logarithm */
export function logNormal(chance: Chance, median: number, sigma: number): number {
  return median * Math.exp(sigma * normal(chance));
}

export function exponential(chance: Chance, mean: number): number {
  return -mean * Math.log(1 - chance());
}

/** One of the values, each as often as its weight says; the weights add up to 1. */
export function weighted<T>(chance: Chance, values: readonly (readonly [value: T, weight: number])[]): T {
  let left = chance();
  for (const [value, weight] of values) if ((left -= weight) < 0) return value;
  return values.at(-1)![0];
}
