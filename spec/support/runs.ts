/** The divisor for the numbers of random cases. `npm run quick` sets it. */
const fewer = Number(process.env.FEWER ?? 1);

/** How many random cases to try: `count`, or a part of it in a quick run. */
export function runs(count: number): number {
  return Math.ceil(count / fewer);
}
